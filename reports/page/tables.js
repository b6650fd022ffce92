// The report's tables. Numbers arrive written for people; a missing one comes with its reason.
'use strict';
(function (fc) {
  const { h } = fc;
  const kNone = '–';
  const shown = (run) => run.view.shown;
  const error = (run) => (run.correctness.checks.length === 0 ? kNone : run.correctness.max_error === null ? 'NaN' : run.correctness.max_error.toExponential(1));

  const runLabel = (run) => h('span', { class: 'label', title: run.name + (run.subject.title ? ': ' + fc.cut(run.subject.title, 200) : '') }, 
    fc.nameParts(run.name));
  const runHead = fc.runHead = function (run) {
    const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = fc.runColour(run.colour);
    swatch.dataset.colour = run.colour;
    return h('th', { scope: 'row' }, swatch, runLabel(run));
  };
  const columnHeads = fc.columnHeads = (runs) => runs.map((run) => h('th', { scope: 'col' }, runLabel(run)));

  function metricCell(run, id, reasons) {
    const metric = fc.metric(run, id);
    if (!metric) return reasons.mark('the catalogue has no metric ' + id);
    if (metric.text === null) return reasons.mark(metric.note);
    return h('span', { title: metric.note }, metric.text);
  }

  const busiestCell = (run, reasons) => h('td', {}, run.view.busiest || reasons.mark(run.speed_of_light.reason || 'too few units were counted to say which was the busiest'));

  function limitCell(run, reasons) {
    const { share, ns, binding } = run.view.limit;
    if (share === null) return h('td', {}, reasons.mark(run.limit.reason));
    return h('td', { title: 'of ' + ns + ', by ' + binding }, share);
  }

  // Imports: what another program counted, each kernel for itself.
  fc.importTable = function (runs) {
    const reasons = new fc.Reasons();
    const titles = ['time', 'rate', 'of roof', 'busiest', 'tensor pipe', 'occupancy'];
    const rows = runs.map((run) => {
      const head = runHead(run);
      head.append(h('span', { class: 'tag recording' }, 'import'));
      const point = run.view.main_point === null ? null : run.view.roofline.points[run.view.main_point];
      const noPoint = () => reasons.mark(run.roofline.reason);
      return h('tr', { 'data-run': run.phase }, head, h('td', {}, run.view.time || reasons.mark(run.view.sentence || 'the file gives no time')),
        h('td', {}, point ? point.performance : noPoint()), h('td', {}, point ? point.fraction : noPoint()), busiestCell(run, reasons),
        h('td', {}, metricCell(run, run.view.tensor_metric, reasons)), h('td', {}, metricCell(run, run.view.occupancy_metric, reasons)),
        h('td', { class: 'text' }, run.time ? run.time.source : kNone));
    });
    return [fc.scroll('Imports', h('table', { id: 'import-table' },
      h('caption', {}, h('span', {}, 'Counted or reported by another program; such a time is shown and never compared. Of roof: by counted bytes, for nothing says what problem was solved.')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'kernel'), titles.map((t) => h('th', { scope: 'col' }, t)),
        h('th', { scope: 'col', class: 'text' }, 'time by'))), h('tbody', {}, rows)), 'pinned'), reasons.notes()];
  };

  fc.phaseTable = function (group, runs) {
    const reasons = new fc.Reasons();
    const titles = ['p50', 'p90', 'launch p50', 'speed-up', 'of limit', 'rate', 'busiest', 'tensor pipe', 'occupancy', 'max error'];
    const rows = runs.map((run) => {
      const head = runHead(run);
      if (run.view.reference) head.append(h('span', { class: 'tag' }, 'reference'));
      if (run === group.fastestRun && runs.length > 1) head.append(h('span', { class: 'tag fastest' }, 'fastest'));
      if (run.recording) head.append(h('span', { class: 'tag recording' }, 'recording'));
      if (run.kernels.length > 1) head.append(h('span', { class: 'tag' }, run.kernels.length + ' kernels'));
      if (!shown(run)) {
        const sentence = run.answer === 'wrong' ? h('span', { class: 'wrong' }, run.view.sentence)
          : h('span', { class: 'unchecked' }, 'The answer was ', run.view.sentence);
        return h('tr', { 'data-run': run.phase }, head, h('td', { class: 'wrap', colspan: titles.length - 1 }, sentence),
          h('td', {}, error(run)));
      }
      const { graph, launch, main_point: index } = run.view;
      const point = index === null ? null : run.view.roofline.points[index];
      const noPoint = () => reasons.mark(run.roofline.reason);
      const noTime = () => reasons.mark('no timing samples of this kind');
      return h('tr', { 'data-run': run.phase, class: run === group.fastestRun && runs.length > 1 ? 'best' : null }, head,
        h('td', {}, graph ? graph.p50 : noTime()), h('td', {}, graph ? graph.p90 : noTime()),
        h('td', {}, launch ? launch.p50 : noTime()),
        h('td', { title: run.view.speedup ? 'against ' + run.view.speedup_base : null }, run.view.speedup || kNone),
        limitCell(run, reasons), h('td', {}, point ? point.performance : noPoint()), busiestCell(run, reasons),
        h('td', {}, metricCell(run, run.view.tensor_metric, reasons)),
        h('td', {}, metricCell(run, run.view.occupancy_metric, reasons)),
        h('td', {}, error(run)));
    });
    const base = (runs.find((run) => run.view.speedup_base) || { view: {} }).view.speedup_base;
    return [fc.scroll('Phases', h('table', { id: 'phase-table' },
      h('caption', {}, h('span', {}, 'p50 and p90: graph replay, with the gap between two launches of a graph', group.floor ? ' (' + group.floor + ', and that is not taken off)' : '', '. ', base ? 'Speed-up: graph p50 against ' + fc.cut(base, 40) + '. ' : '',
        'Of limit: the least time that the problem’s products, exponentials and bytes allow here, over p50.')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'phase'), titles.map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, rows)), 'pinned'), reasons.notes()];
  };

  function pointRows(runs) {
    return runs.filter(shown).flatMap((run) => run.roofline.points.map((point, i) => {
      const text = run.view.roofline.points[i];
      return h('tr', {}, runHead(run), h('td', { class: 'text' }, point.memory.toUpperCase()), h('td', {}, text.intensity),
        h('td', {}, text.performance), h('td', {}, point.bound === null ? '–' : text.attainable), h('td', {}, point.bound === null ? '–' : text.fraction),
        h('td', { class: 'text' }, point.bound === null ? 'no limit' : point.bound), h('td', {}, text.bytes), h('td', { class: 'text' }, point.bytes_provenance), h('td', { class: 'text' }, point.flops_provenance));
    }));
  }

  fc.rooflineTable = function (runs, owner) {
    const heads = ['phase', 'memory', 'intensity', 'rate', 'attainable', 'reached', 'bound by', 'bytes', 'bytes from', 'FLOPs from'];
    const points = () => [fc.scroll('Roofline points', h('table', { id: 'roofline-table' }, h('thead', {}, h('tr', {}, heads.map((t, i) =>
      h('th', { scope: 'col', class: [0, 1, 6, 8, 9].includes(i) ? 'text' : null }, t)))), h('tbody', {}, pointRows(runs))), 'pinned')];
    const ceilings = owner ? owner.roofline.ceilings.map((c, i) => h('tr', {}, h('th', { scope: 'row' }, c.title, c.limit ? null : h('span', { class: 'tag' }, 'not a limit')),
      h('td', {}, owner.view.roofline.ceilings[i]), h('td', { class: 'wrap' }, c.source))) : [];
    return fc.folded('The roofline as tables', fc.isMany(runs) ? points : points(),
      ceilings.length ? fc.scroll('Ceilings', h('table', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'ceiling'),
        h('th', { scope: 'col' }, 'value'), h('th', { scope: 'col', class: 'text' }, 'computed from'))), h('tbody', {}, ceilings))) : null);
  };

  const arrows = { higher: '\u00a0↑', lower: '\u00a0↓', neutral: '' };
  const directions = { higher: 'higher is better', lower: 'lower is better', neutral: '' };

  function metricRow(metric, runs, reasons) {
    return h('tr', { 'data-metric': metric.id, 'data-find': (metric.title + ' ' + metric.id).toLowerCase() },
      h('th', { scope: 'row', title: metric.description + (directions[metric.direction] ? ' (' + directions[metric.direction] + ')' : '') },
        metric.title, h('span', { class: 'unit', 'aria-hidden': 'true' }, arrows[metric.direction] || '')),
      runs.map((run) => h('td', {}, metricCell(run, metric.id, reasons))));
  }

  function metricBodies(sections, runs, reasons) {
    return sections.filter((section) => section.metrics.length > 0).map((section) => {
      const known = section.metrics.flatMap((m) => runs.map((run) => fc.metric(run, m.id))).filter(Boolean);
      const why = [...new Set(known.filter((metric) => metric.text === null).map((metric) => fc.cause(metric.note)))];
      const rows = known.some((metric) => metric.text !== null) ? section.metrics.map((metric) => metricRow(metric, runs, reasons))
        : [h('tr', {}, h('td', { class: 'wrap missing', colspan: runs.length + 1 }, h('span', { class: 'stays' }, 'No value of this section: ', why.slice(0, 3).join('; ') || 'nothing was collected')))];
      return h('tbody', { 'data-section': section.id }, h('tr', { class: 'part' },
        h('th', { colspan: runs.length + 1, scope: 'colgroup' }, section.title, h('span', { class: 'note' }, section.description))), rows);
    });
  }

  fc.metricTable = function (sections, runs) {
    const reasons = new fc.Reasons(), parts = [];
    const tables = fc.columnsOfPaper(runs).map((some) => {
      const bodies = metricBodies(sections, some, reasons);
      parts.push(...bodies);
      return fc.scroll('Metrics', h('table', { id: 'metric-table' },
        h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'metric'), columnHeads(some))), bodies), 'tall pinned');
    });
    const filter = h('input', { type: 'search', class: 'filter', placeholder: 'Filter metrics', 'aria-label': 'Filter metrics', oninput: () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const part of parts) {
        const rows = [...part.querySelectorAll('[data-find]')];
        for (const row of rows) row.hidden = wanted !== '' && !row.dataset.find.includes(wanted);
        part.hidden = wanted !== '' && rows.every((row) => row.hidden);
      }
    } });
    return { filter, body: [tables, reasons.notes()] };
  };
})(window.FlashCore);
