// One pair of "What changed": the verdict with its bounds, both distributions, why, and the metrics.
'use strict';
(function (fc) {
  const { h, colour, axis } = fc;
  const sides = (pair) => [['base', pair.base], ['now', pair.now]];
  const sideColour = (side) => colour(side === 'base' ? '--side-base' : '--side-now');
  fc.sideColour = sideColour;
  const samplesOf = (side) => side.runs.flatMap((run) => run.samples.us.map((us, i) => ({ us, run: run.run, place: run.samples.at ? run.samples.at[i] : i })));

  function verdictTable(pair) {
    const row = (name, judged) => (judged ? h('tr', { 'data-judged': name }, h('th', { scope: 'row' }, name), h('td', {}, judged.base_text || '–'), h('td', {}, judged.now_text || '–'),
      h('td', {}, judged.change_text || '–'), h('td', {}, judged.bounds || '–'), h('td', {}, fc.verdictBadge(judged.verdict, judged.word))) : null);
    return fc.scroll('Verdict', h('table', { id: 'verdict-table' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'median of'), ['base', 'now', 'change', pair.time.confidence + ' interval', 'verdict'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, row('time', pair.time), row('cycles', pair.cycles))));
  }

  // Both sets in bins of the same width, as shares of their set.
  function bins(sets, count) {
    const all = sets.flatMap((set) => set.map((sample) => sample.us)).sort((a, b) => a - b);
    // Few far outliers would press the rest into one bin: what lies beyond stands in the last.
    const low = all[0], high = Math.min(all[all.length - 1], all[Math.floor(0.98 * (all.length - 1))] * 1.002), width = (high - low) / count || 1;
    const shares = sets.map((set) => {
      const out = new Array(count).fill(0);
      for (const sample of set) out[Math.max(0, Math.min(count - 1, Math.floor((sample.us - low) / width)))] += 100 / Math.max(1, set.length);
      return out;
    });
    return { low, width, shares };
  }

  function distribution(pair) {
    const sets = sides(pair).map(([, side]) => samplesOf(side));
    return (width) => {
      const count = width < 500 ? 24 : 40, { low, width: bin, shares } = bins(sets, count);
      const high = Math.max(...sets.flatMap((set) => set.map((sample) => sample.us)));
      const xRange = { min: low - bin, max: Math.max(high, low + bin * count) + bin };
      const medians = [pair.time.base, pair.time.now];
      const series = sides(pair).flatMap(([name], i) => [
        { type: 'line', name, step: 'end', symbol: 'none', xAxisIndex: 0, yAxisIndex: 0, silent: true, lineStyle: { color: sideColour(name), width: 1.5, type: i ? 'solid' : 'dashed' },
          areaStyle: { color: sideColour(name), opacity: 0.22 }, data: shares[i].map((share, k) => [low + k * bin, share]).concat([[low + count * bin, 0]]) },
        { type: 'scatter', name, xAxisIndex: 1, yAxisIndex: 1, symbol: i ? 'circle' : 'diamond', symbolSize: i ? 5 : 6, itemStyle: { color: sideColour(name), opacity: 0.55 },
          markLine: medians[i] === null ? undefined : { silent: true, symbol: 'none', animation: false, label: { show: false }, lineStyle: { color: colour('--ink'), type: 'solid', width: 2 },
            data: [[{ coord: [medians[i] / 1e3, i - 0.4] }, { coord: [medians[i] / 1e3, i + 0.4] }]] },
          data: sets[i].map((sample, k) => ({ value: [sample.us, i + (((k * 37) % 61) / 61 - 0.5) * 0.56], tip: [name + ', run ' + sample.run, 'sample ' + (sample.place + 1) + ': ' + sample.us.toPrecision(5) + ' µs'] })) },
      ]);
      const names = ['base', 'now'];
      return {
        grid: [{ left: 62, right: 20, top: 12, height: 92 }, { left: 62, right: 20, top: 116, height: 96 }],
        xAxis: [axis({ type: 'value', gridIndex: 0, ...xRange, axisLabel: { show: false }, axisTick: { show: false }, splitLine: { show: false } }),
          axis({ type: 'value', gridIndex: 1, ...xRange, splitNumber: width < 500 ? 3 : 6, name: 'µs a launch', nameLocation: 'middle', nameGap: 26, axisLabel: { hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: (v) => String(Number(v.toPrecision(5))) } })],
        yAxis: [axis({ type: 'value', gridIndex: 0, splitNumber: 2, axisLabel: { formatter: (v) => v + ' %' } }),
          axis({ type: 'value', gridIndex: 1, min: -0.5, max: 1.5, inverse: true, splitLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colour('--ink'), customValues: [0, 1], formatter: (v) => names[v] || '' } })],
        series,
      };
    };
  }

  function drawnNote(pair) {
    const words = sides(pair).map(([name, side]) => {
      const n = side.runs.reduce((sum, run) => sum + run.samples.n, 0), drawn = side.runs.reduce((sum, run) => sum + run.samples.us.length, 0);
      return drawn < n ? drawn + ' of ' + n + ' of ' + name : null;
    }).filter(Boolean);
    return words.length === 0 ? null : h('p', { class: 'note', 'data-note': 'thinned-pair' }, 'Samples were thinned to keep this file small: drawn are ' + words.join(' and ') + ', spread evenly over their ranks. Medians and bounds are those of all samples.');
  }

  function metricRow(metric) {
    const judged = metric.judgement, arrow = { higher: ' ↑', lower: ' ↓' }[metric.direction] || '';
    const head = h('th', { scope: 'row', title: metric.id }, metric.title, h('span', { class: 'unit', 'aria-hidden': 'true' }, arrow));
    if (!judged) return h('tr', { 'data-metric': metric.id }, head, h('td', { class: 'wrap missing', colspan: 5 }, 'missing: ' + fc.cause(metric.missing)));
    return h('tr', { 'data-metric': metric.id }, head, h('td', {}, judged.base_text), h('td', {}, judged.now_text), h('td', {}, judged.change_text || '–'),
      h('td', {}, metric.exact ? 'exact' : judged.bounds || '–'), h('td', {}, fc.verdictBadge(judged.verdict, judged.word)));
  }

  const changed = (metric) => metric.judgement && (metric.judgement.verdict === 'faster' || metric.judgement.verdict === 'slower');

  function metricsPart(pair) {
    const some = pair.metrics.filter(changed), rest = pair.metrics.length - some.length;
    const body = h('tbody', {}), none = h('p', { class: 'note' }, 'No metric with a direction changed.');
    const fill = (all) => { body.replaceChildren(...(all ? pair.metrics : some).map(metricRow)); none.hidden = all || some.length > 0; };
    fill(false);
    const table = fc.scroll('Metrics of this pair', h('table', { id: 'changed-metrics' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'metric'), ['base', 'now', 'change', 'between', 'verdict'].map((t) => h('th', { scope: 'col' }, t)))), body), 'pinned');
    return [h('div', { class: 'head' }, h('h4', {}, 'Metrics that changed'), rest > 0 && !fc.onPaper ? fc.choices('Metrics', [[false, 'Changed: ' + some.length], [true, 'All ' + pair.metrics.length]], fill) : null), none, table];
  }

  fc.pairPanel = function (data, pair, withRoof = true) {
    const [base, now] = [pair.base, pair.now];
    const sampled = [base, now].every((side) => side.runs.some((run) => run.samples.us.length > 0));
    const chart = sampled ? fc.chart('Distribution of the samples of both sets: median ' + pair.time.base_text + ' of base, ' + pair.time.now_text + ' now', 262, distribution(pair)) : null;
    const builds = (side) => [...new Set(side.runs.map((run) => run.commit).filter(Boolean))].join(', ');
    return h('div', { class: 'card pair', 'data-label': pair.label }, h('h3', {}, fc.verdictBadge(pair.verdict, pair.word), ' ', h('span', { class: 'full' }, pair.label)), h('p', { class: 'big', 'data-sentence': true }, pair.sentence),
      verdictTable(pair), pair.clock ? h('p', { class: 'note' }, 'Effective clock: ' + pair.clock + '.') : null,
      pair.time.because && !pair.sentence.includes(pair.time.because) ? h('p', { class: 'note' }, pair.time.because) : null,
      h('dl', { class: 'sides' }, sides(pair).flatMap(([name, side]) => [h('dt', {}, fc.sideMark(name), name), h('dd', {}, side.word + (builds(side) ? ' at ' + builds(side) : '') + '. ' + pair.time[name + '_review'])])),
      [...new Set(pair.time.notes.concat(pair.notes))].map((note) => h('p', { class: 'note' }, note)),
      chart ? [h('h4', {}, 'Samples of both sets'), drawnNote(pair), chart.element] : h('p', { class: 'note' }, 'There are no samples of both sets to draw.'),
      fc.whyPart(pair), withRoof ? fc.arrowsPart(data, pair) : null, metricsPart(pair));
  };
  fc.sideMark = (name) => h('span', { class: 'side-mark ' + name, 'aria-hidden': 'true' });
})(window.FlashCore);
