// The report's tables. Numbers arrive written for people; a missing one comes with its reason.
'use strict';
(function (fc) {
  const { h } = fc;
  const kNone = '–';
  const right = (run) => run.view.answer === 'right';
  const error = (value) => (value === null ? 'NaN' : value.toExponential(1));

  const runLabel = (run) => h('span', { class: 'label', title: run.name + (run.view.phase_title ? ': ' + fc.cut(run.view.phase_title, 200) : '') }, fc.cut(run.name, 200));
  function runHead(run) {
    const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = fc.runColour(run.colour);
    swatch.dataset.colour = run.colour;
    return h('th', { scope: 'row' }, swatch, runLabel(run));
  }
  const columnHeads = (runs) => runs.map((run) => h('th', { scope: 'col' }, runLabel(run)));

  function metricCell(run, id, reasons) {
    const metric = run.metrics[id];
    if (!metric) return reasons.mark('the catalogue has no metric ' + id);
    if (metric.value === null) return reasons.mark(metric.reason);
    return h('span', { title: metric.provenance }, run.view.metrics[id]);
  }

  fc.phaseTable = function (group, runs) {
    const reasons = new fc.Reasons();
    const titles = ['p50', 'p90', 'launch p50', 'speed-up', 'rate', 'of roof', 'tensor pipe', 'occupancy', 'max error'];
    const rows = runs.map((run) => {
      const head = runHead(run);
      if (run.view.reference) head.append(h('span', { class: 'tag' }, 'reference'));
      if (run === group.fastestRun && runs.length > 1) head.append(h('span', { class: 'tag fastest' }, 'fastest'));
      if (run.recording) head.append(h('span', { class: 'tag recording' }, 'recording'));
      if (!right(run)) {
        const sentence = run.view.answer === 'wrong' ? h('span', { class: 'wrong' }, run.view.sentence)
          : h('span', { class: 'unchecked' }, 'Not checked: ', run.view.sentence);
        return h('tr', { 'data-run': run.phase }, head, h('td', { class: 'wrap', colspan: titles.length - 1 }, sentence),
          h('td', {}, run.view.answer === 'wrong' ? error(run.correctness.max_error) : kNone));
      }
      const { graph, launch, main_point: index } = run.view;
      const point = index === null ? null : run.view.roofline.points[index];
      const noPoint = () => reasons.mark(run.roofline.reason);
      const noTime = () => reasons.mark('no timing samples of this kind');
      return h('tr', { 'data-run': run.phase, class: run === group.fastestRun && runs.length > 1 ? 'best' : null }, head,
        h('td', {}, graph ? graph.p50 : noTime()), h('td', {}, graph ? graph.p90 : noTime()),
        h('td', {}, launch ? launch.p50 : noTime()),
        h('td', { title: run.view.speedup ? 'against ' + run.view.speedup_base : null }, run.view.speedup || kNone),
        h('td', {}, point ? point.performance : noPoint()), h('td', {}, point ? point.fraction : noPoint()),
        h('td', {}, metricCell(run, run.view.tensor_metric, reasons)),
        h('td', {}, metricCell(run, run.view.occupancy_metric, reasons)),
        h('td', {}, error(run.correctness.max_error)));
    });
    const base = (runs.find((run) => run.view.speedup_base) || { view: {} }).view.speedup_base;
    return [fc.scroll('Phases', h('table', { id: 'phase-table' },
      h('caption', {}, h('span', {}, 'p50 and p90: graph replay. ', base ? 'Speed-up: graph p50 against ' + fc.cut(base, 40) + '. ' : '',
        'Of roof: share of what the device’s bandwidth and tensor ceilings allow at the run’s intensity.')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'phase'), titles.map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, rows)), 'pinned'), reasons.notes()];
  };

  fc.rooflineTable = function (runs, owner) {
    const rows = runs.filter(right).flatMap((run) => run.roofline.points.map((point, i) => {
      const text = run.view.roofline.points[i];
      return h('tr', {}, runHead(run), h('td', { class: 'text' }, point.memory.toUpperCase()), h('td', {}, text.intensity),
        h('td', {}, text.performance), h('td', {}, text.attainable), h('td', {}, text.fraction),
        h('td', { class: 'text' }, point.bound), h('td', {}, text.bytes), h('td', { class: 'text' }, point.bytes_provenance));
    }));
    const heads = ['phase', 'memory', 'intensity', 'rate', 'attainable', 'reached', 'bound by', 'bytes', 'bytes from'];
    const ceilings = owner ? owner.roofline.ceilings.map((c, i) => h('tr', {}, h('th', { scope: 'row' }, c.title),
      h('td', {}, owner.view.roofline.ceilings[i]), h('td', { class: 'wrap' }, c.source))) : [];
    return h('details', {}, h('summary', {}, 'The roofline as tables'),
      fc.scroll('Roofline points', h('table', { id: 'roofline-table' }, h('thead', {}, h('tr', {}, heads.map((t, i) =>
        h('th', { scope: 'col', class: [0, 1, 6, 8].includes(i) ? 'text' : null }, t)))), h('tbody', {}, rows)), 'pinned'),
      ceilings.length ? fc.scroll('Ceilings', h('table', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'ceiling'),
        h('th', { scope: 'col' }, 'value'), h('th', { scope: 'col', class: 'text' }, 'computed from'))), h('tbody', {}, ceilings))) : null);
  };

  fc.stallTable = function (runs) {
    const { top, rest } = fc.stallReasons(runs);
    const rows = top.concat(rest).map((reason) => h('tr', {}, h('th', { scope: 'row' }, reason.title),
      runs.map((run) => h('td', {}, (run.view.stalls.find((s) => s.id === reason.id) || { text: kNone }).text))));
    return h('details', {}, h('summary', {}, 'The stall reasons as a table'), fc.scroll('Stall reasons', h('table', { id: 'stall-table' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'reason'), columnHeads(runs))), h('tbody', {}, rows)), 'pinned'));
  };

  const arrows = { higher: '\u00a0↑', lower: '\u00a0↓', neutral: '' };
  const directions = { higher: 'higher is better', lower: 'lower is better', neutral: '' };

  function metricRow(metric, runs, reasons) {
    return h('tr', { 'data-metric': metric.id, 'data-find': (metric.title + ' ' + metric.id).toLowerCase() },
      h('th', { scope: 'row', title: metric.description + (directions[metric.direction] ? ' (' + directions[metric.direction] + ')' : '') },
        metric.title, h('span', { class: 'unit', 'aria-hidden': 'true' }, arrows[metric.direction] || '')),
      runs.map((run) => h('td', {}, metricCell(run, metric.id, reasons))));
  }

  fc.metricTable = function (sections, runs) {
    const reasons = new fc.Reasons();
    const parts = sections.filter((section) => section.metrics.length > 0).map((section) => {
      const there = section.metrics.some((m) => runs.some((run) => run.metrics[m.id] && run.metrics[m.id].value !== null));
      const why = [...new Set(section.metrics.flatMap((m) => runs.map((run) => (run.metrics[m.id] || {}).reason)).filter(Boolean).map(fc.cause))];
      const rows = there ? section.metrics.map((metric) => metricRow(metric, runs, reasons))
        : [h('tr', {}, h('td', { class: 'wrap missing', colspan: runs.length + 1 }, 'No value of this section: ', why.slice(0, 3).join('; ') || 'nothing was collected'))];
      return h('tbody', { 'data-section': section.id }, h('tr', { class: 'part' },
        h('th', { colspan: runs.length + 1, scope: 'colgroup' }, section.title, h('span', { class: 'note' }, section.description))), rows);
    });
    const table = h('table', { id: 'metric-table' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'metric'), columnHeads(runs))), parts);
    const filter = h('input', { type: 'search', class: 'filter', placeholder: 'Filter metrics', 'aria-label': 'Filter metrics', oninput: () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const part of parts) {
        const rows = [...part.querySelectorAll('[data-find]')];
        for (const row of rows) row.hidden = wanted !== '' && !row.dataset.find.includes(wanted);
        part.hidden = wanted !== '' && rows.every((row) => row.hidden);
      }
    } });
    return { filter, body: [fc.scroll('Metrics', table, 'tall pinned'), reasons.notes()] };
  };

  fc.resourceTable = function (runs) {
    const reasons = new fc.Reasons();
    const rows = runs.flatMap((run) => run.resources.kernels.map((k, i) => {
      const text = run.view.resources[i];
      const or = (value, why) => (value === null ? reasons.mark(why) : value);
      const unsaid = 'a library’s kernel does not say';
      const noReport = 'the compiler’s report does not have this kernel';
      return h('tr', {}, runHead(run), h('td', { class: 'text mono wrap' }, fc.cut(k.kernel, 120)), h('td', {}, k.grid.join(' × ')), h('td', {}, k.block.join(' × ')),
        h('td', {}, or(k.registers, unsaid)), h('td', {}, or(text.static_shared, unsaid)), h('td', {}, text.dynamic_shared),
        h('td', {}, or(text.spill_store, noReport)), h('td', {}, or(text.spill_load, noReport)),
        h('td', {}, or(text.occupancy, 'the occupancy calculator had no numbers for this kernel')),
        h('td', { class: 'text' }, k.occupancy_limiter || kNone));
    }));
    if (rows.length === 0) return [h('div', { class: 'empty' }, 'No resources were recorded for these runs.')];
    const heads = [['phase', 1], ['kernel', 1], ['grid'], ['block'], ['registers'], ['shared, static'], ['shared, dynamic'], ['spill stores'], ['spill loads'], ['occupancy, theoretical'], ['limited by', 1]];
    return [fc.scroll('Resources', h('table', { id: 'resource-table' }, h('thead', {}, h('tr', {}, heads.map(([t, left]) =>
      h('th', { scope: 'col', class: left ? 'text' : null }, t)))), h('tbody', {}, rows)), 'pinned'), reasons.notes()];
  };

  fc.correctnessTable = function (runs) {
    const rows = runs.flatMap((run) => run.correctness.checks.length === 0
      ? [h('tr', {}, runHead(run), h('td', { class: 'wrap unchecked', colspan: 7 }, 'not checked'))]
      : run.correctness.checks.map((c) => h('tr', {}, runHead(run), h('td', {}, c.seed),
        h('td', { class: 'text ' + (c.passed ? 'right' : 'wrong') }, c.passed ? 'right' : 'wrong'),
        h('td', {}, error(c.max_error)), h('td', {}, error(c.mean_error)), h('td', {}, c.nan_count + ' / ' + c.inf_count),
        h('td', {}, c.max_tolerance + ' / ' + c.mean_tolerance), h('td', { class: 'text' }, c.method))));
    const heads = [['phase', 1], ['seed'], ['answer', 1], ['max error'], ['mean error'], ['NaN / Inf'], ['limits, max / mean'], ['against', 1]];
    return fc.scroll('Correctness', h('table', { id: 'correctness-table' }, h('thead', {}, h('tr', {}, heads.map(([t, left]) =>
      h('th', { scope: 'col', class: left ? 'text' : null }, t)))), h('tbody', {}, rows)), 'pinned');
  };

  fc.timingTable = function (runs) {
    const fields = ['p50', 'p90', 'p99', 'min', 'mean', 'stdev', 'n'];
    const rows = runs.filter(right).flatMap((run) => [['graph', 'graph replay'], ['launch', 'single launch']].filter(([kind]) => run.view[kind]).map(([kind, title]) =>
      h('tr', {}, runHead(run), h('td', { class: 'text' }, title), fields.map((f) => h('td', {}, run.view[kind][f])), h('td', {}, run.view.clock || kNone))));
    if (rows.length === 0) return h('div', { class: 'empty' }, 'No timing: no run here has a right answer and samples.');
    return fc.scroll('Timing', h('table', { id: 'timing-table' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'phase'),
      h('th', { scope: 'col', class: 'text' }, 'kind'), ['p50', 'p90', 'p99', 'min', 'mean', 'deviation', 'samples', 'SM clock'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, rows)), 'pinned');
  };
})(window.FlashCore);
