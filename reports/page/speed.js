// Speed of light: how busy each unit was as a strip of bars, the limit of the problem, the kernels of a launch.
// The memory chart behind the strip is in memory.js. Elements of the page alone: they need no library.
'use strict';
(function (fc) {
  const { h } = fc;

  // A bar with its value beside it; `share` is of 100.
  function meter(share, text, kind) {
    const fill = h('span', { class: 'fill' + (kind ? ' ' + kind : '') });
    fill.style.width = Math.max(0, Math.min(100, share)) + '%';
    return [h('span', { class: 'track', 'aria-hidden': 'true' }, fill), h('span', { class: 'amount' }, text)];
  }
  fc.meter = meter;

  // The highest bar is the busiest unit only where the others are known.
  const busiest = (run) => h('span', { class: 'tag binding' }, run.view.busiest ? 'busiest' : 'highest known');

  function barCell(bar, reasons, extra) {
    if (bar === undefined) return h('td', {}, '–');
    const { value, text, reason } = bar.share;
    if (value === null) return h('td', { class: 'meter' }, reasons.mark(reason));
    return h('td', { class: 'meter' + (bar.binding && extra ? ' binding' : ''), title: bar.title + ': ' + text + ' of its own peak' + (bar.description ? '. ' + bar.description : '') },
      meter(value, text, bar.binding && extra !== null ? 'binding' : ''), bar.binding ? extra : null);
  }

  const known = (run) => run.speed_of_light.bars.some((bar) => bar.share.value !== null);

  // One row a run, one column a unit: where several runs stand beside one another.
  function stripTable(runs) {
    const reasons = new fc.Reasons();
    const units = new Map();
    for (const run of runs) for (const bar of run.speed_of_light.bars) if (!units.has(bar.id)) units.set(bar.id, bar.title);
    const rows = runs.map((run) => h('tr', { 'data-run': run.phase }, fc.runHead(run), [...units.keys()].map((id) =>
      barCell(run.speed_of_light.bars.find((bar) => bar.id === id), reasons, run.view.busiest ? h('span', { class: 'unseen' }, ' busiest') : null))));
    return [fc.scroll('Speed of light', h('table', { id: 'speed-table', class: 'strips' },
      h('caption', {}, h('span', {}, 'Each unit in percent of its own peak, while the counters were taken. The busiest of a run is outlined.')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'phase'), [...units.values()].map((title) => h('th', { scope: 'col' }, title)))),
      h('tbody', {}, rows)), 'pinned'), reasons.notes()];
  }

  function strip(run) {
    const reasons = new fc.Reasons();
    // Of which nothing is known, its reason alone says more than a row a unit.
    const rows = run.speed_of_light.reason ? [] : run.speed_of_light.bars.map((bar) => h('tr', { 'data-unit': bar.id, class: bar.binding && run.view.busiest ? 'binding' : null },
      h('th', { scope: 'row' }, bar.title, bar.binding ? busiest(run) : null), barCell(bar, reasons, run.view.busiest ? [] : null)));
    return h('div', { class: 'card' }, h('h3', {}, 'Units, of their own peak'),
      rows.length === 0 ? h('p', { class: 'note' }, 'Nothing is known of them: ' + fc.cause(run.speed_of_light.reason || 'the catalogue has no bars') + '.')
        : h('table', { class: 'bars', id: 'strip-table' }, h('thead', { class: 'unseen-head' }, h('tr', {}, h('th', { scope: 'col' }, 'unit'), h('th', { scope: 'col' }, 'of its own peak'))),
          h('tbody', {}, rows)), rows.length && run.speed_of_light.pass_note ? h('p', { class: 'note' }, 'Of the ' + run.speed_of_light.pass_note + '.') : null, reasons.notes());
  }

  function limitSentence(run) {
    const { limit, view } = run;
    if (limit.ns === null) return h('p', { class: 'note' }, limit.reason);
    const by = view.limit.ns + ', by ' + view.limit.binding;
    if (limit.share === null) return [h('p', { class: 'big' }, by), h('p', { class: 'note' }, limit.reason)];
    return h('p', { class: 'big' }, h('strong', {}, view.limit.share), ' of the limit ' + by);
  }

  // What no subject can be faster than, and which of its terms that is.
  function limitCard(run) {
    const reasons = new fc.Reasons();
    const rows = run.limit.terms.map((term, i) => {
      const text = run.view.limit.terms[i], binds = run.limit.binding_terms.includes(term.id);
      return h('tr', { 'data-term': term.id, class: binds ? 'binding' : null },
        h('th', { scope: 'row' }, term.title, binds ? h('span', { class: 'tag binding' }, 'binds') : null),
        h('td', {}, text.work), h('td', { title: term.source }, text.rate || '–'), h('td', {}, text.ns || reasons.mark(term.reason)));
    });
    return h('div', { class: 'card' }, h('h3', {}, 'Limit of the problem'), limitSentence(run),
      rows.length === 0 ? null : fc.scroll('Terms of the limit', h('table', { id: 'limit-table' },
        h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'least time of'), ['work', 'at', 'takes'].map((t) => h('th', { scope: 'col' }, t)))),
        h('tbody', {}, rows))), reasons.notes());
  }

  function kernelCard(run) {
    if (run.kernels.length < 2) return null;
    const reasons = new fc.Reasons();
    const rows = run.kernels.map((kernel, i) => {
      const text = run.view.kernels[i];
      return h('tr', { 'data-kernel': kernel.ordinal }, h('th', { scope: 'row', class: 'name' }, h('span', { class: 'full' }, kernel.name)),
        h('td', { class: 'meter', title: kernel.note || null }, kernel.share === null ? reasons.mark(kernel.note) : meter(100 * kernel.share, text.share, '')),
        h('td', {}, text.ns || (kernel.share === null ? reasons.mark(kernel.note) : '–')));
    });
    return h('div', { class: 'card wide-card' }, h('h3', {}, 'Kernels of a launch, by their counted time'), fc.scroll('Kernels of a launch', h('table', { id: 'share-table', class: 'bars' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'kernel'), h('th', { scope: 'col', class: 'text' }, 'share of the time'), h('th', { scope: 'col' }, 'time'))),
      h('tbody', {}, rows))), reasons.notes());
  }

  function panel(run) {
    const notShown = run.view.shown ? null : h('p', { class: run.answer === 'wrong' ? 'wrong' : 'unchecked' }, run.view.sentence);
    return h('div', { class: 'panel', id: 'speed-run' }, notShown, h('div', { class: 'cards' }, strip(run), limitCard(run)), kernelCard(run), fc.memoryCard(run));
  }

  // Of a group: all runs side by side, then one of them as a whole.
  fc.speedSection = function (group) {
    const runs = group.members;
    const told = runs.filter((run) => known(run) || run.limit.terms.length > 0 || run.kernels.length > 1);
    if (told.length === 0) {
      const why = [...new Set(runs.map((run) => fc.cause(run.speed_of_light.reason || 'no counters were collected')))];
      return fc.section('speed', 'Speed of light', h('div', { class: 'empty' }, 'No speed of light: ' + why.slice(0, 3).join('; ') + '.'));
    }
    const first = Math.max(0, told.indexOf(group.fastestRun));
    const place = h('div', {}, panel(told[first]));
    const show = (index) => { place.replaceChildren(panel(told[index])); fc.drawCharts(); };
    const choice = told.length < 2 ? null : told.length <= 12 ? fc.choices('Run', told.map((run, i) => [i, fc.cutName(run.name, 40)]), show, first)
      : h('select', { 'aria-label': 'Run', onchange: (event) => show(Number(event.target.value)) }, told.map((run, i) => h('option', { value: i, selected: i === first }, fc.cutName(run.name, 80))));
    const beside = told.filter(known);
    return fc.section('speed', 'Speed of light', beside.length > 1 ? stripTable(beside) : null,
      choice ? h('div', { class: 'head chosen' }, h('h3', {}, 'One run'), choice) : null, place);
  };
})(window.FlashCore);
