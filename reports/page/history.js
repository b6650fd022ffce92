// History: a metric of a phase over the builds of the database, with its change points and with marks where
// something else changed.
'use strict';
(function (fc) {
  const { h, colour, axis } = fc;
  const kPaperSeries = 6, kShortCommit = 8;
  const short = (commit) => commit.slice(0, kShortCommit);

  const scaled = (history) => (history.unit === 'ns' ? (v) => fc.formatSi(v * 1e-9, 's') : history.unit === '%' ? (v) => Number(v.toPrecision(4)) + ' %' : (v) => fc.formatSi(v, history.unit));

  // The level between two change points: what the points of a segment are about.
  function levels(history) {
    const bounds = [0, ...history.changes.map((change) => change.index), history.points.length];
    return bounds.slice(1).map((end, i) => {
      const level = history.changes.length === 0 ? null : i < history.changes.length ? history.changes[i].before_value : history.changes[i - 1].after_value;
      return { from: bounds[i], to: end - 1, level };
    }).filter((segment) => segment.level !== null && segment.to >= segment.from);
  }

  const confirmedOf = (history) => history.changes.filter((change) => change.confirmed).length;

  function chartOf(history) {
    return (width) => {
      const spot = (index, text, shade, kind, row) => ({ xAxis: index - 0.5, lineStyle: { color: shade, type: kind, width: 1.5 },
        label: { show: true, formatter: text, color: shade, fontSize: 11.5, position: 'end', distance: [0, 3 + 15 * (row % 3)] } });
      const room = width < 500 ? 10 : 22;
      const lines = history.changes.map((change, i) => spot(change.index, (change.confirmed ? (change.better ? '▼ ' : '▲ ') : '? ') + short(change.commit_at) + ' ' + change.change, colour(!change.confirmed ? '--doubt' : change.better ? '--faster' : '--slower'), 'solid', i))
        .concat(history.marks.map((mark, i) => spot(mark.index, fc.cut(mark.text, room), colour('--soft'), 'dashed', history.changes.length + i)));
      return {
        grid: { left: 14, right: 30, top: 66, bottom: 44, containLabel: true },
        xAxis: axis({ type: 'value', min: -0.5, max: Math.max(0.5, history.points.length - 0.5), splitLine: { show: false }, name: 'runs, oldest first, by commit', nameLocation: 'middle', nameGap: 28, minInterval: 1,
          axisLabel: { hideOverlap: true, formatter: (v) => (history.points[v] ? short(history.points[v].commit) : '') } }),
        yAxis: axis({ type: 'value', scale: true, axisLabel: { formatter: scaled(history) } }),
        series: [{ type: 'line', symbol: 'circle', symbolSize: 6, connectNulls: false, lineStyle: { color: colour('--unit'), width: 1, opacity: 0.6 }, itemStyle: { color: colour('--unit') },
          markLine: { silent: true, symbol: 'none', animation: false, data: lines },
          data: history.points.map((point, i) => ({ value: [i, point.value], tip: ['run ' + point.run + ' at ' + (point.commit || 'an unnamed commit'), point.text || 'missing: ' + point.reason, [point.taken_at, point.clock, point.driver && 'driver ' + point.driver].filter(Boolean).join(', ')] })) },
        ...levels(history).map((segment) => ({ type: 'line', symbol: 'none', silent: true, z: 3, lineStyle: { color: colour('--ink'), width: 2 }, data: [[segment.from - 0.4, segment.level], [segment.to + 0.4, segment.level]] }))],
      };
    };
  }

  function table(history) {
    const heads = ['commit', 'commit before', 'level before', 'level from there', 'change', '99 % interval'];
    const rows = history.changes.map((change) => h('tr', { 'data-index': change.index }, h('th', { scope: 'row' }, h('code', {}, short(change.commit_at)), h('span', { class: 'verdict ' + (!change.confirmed ? 'ambiguous' : change.better ? 'faster' : 'slower') }, !change.confirmed ? ' not confirmed' : change.better ? ' better' : ' worse')),
      h('td', {}, h('code', {}, short(change.commit_before))), h('td', {}, change.before), h('td', {}, change.after), h('td', {}, change.change), h('td', {}, change.bounds),
      h('td', { class: 'wrap' }, [change.confirmed && change.same_source ? 'the sources of the phase are the same on both sides' : '', ...change.because, ...change.beside].filter(Boolean).join('; ') || '–')));
    return fc.scroll('Change points', h('table', { class: 'history-table' }, h('thead', {}, h('tr', {}, heads.map((t, i) => h('th', { scope: 'col', class: i === 0 ? 'text' : null }, t)), h('th', { scope: 'col', class: 'text' }, 'beside'))), h('tbody', {}, rows)), 'pinned');
  }

  function view(history) {
    const known = history.points.filter((point) => point.value !== null);
    const chart = fc.chart(history.title + ' of ' + history.label + ' over ' + history.points.length + ' runs; change points: ' + (history.changes.map((change) => short(change.commit_at) + ' ' + change.change).join(', ') || 'none'), 320, chartOf(history));
    return h('div', { 'data-history': history.label }, fc.onPaper ? h('h3', {}, history.label) : null,
      h('p', { class: 'note' }, history.title + ' of ' + known.length + ' runs' + (history.device ? ' on ' + history.device : '') + '. ' + (confirmedOf(history) === 0 ? 'No change point.' : confirmedOf(history) + (confirmedOf(history) === 1 ? ' change point.' : ' change points.')) +
        (confirmedOf(history) < history.changes.length ? ' Steps that are not confirmed may be the hour or the conditions, not the code.' : '') +
        (history.marks.length > 0 ? ' Dashed: ' + history.marks.map((mark) => mark.text).join('; ') + '. These are marks, not causes.' : '')),
      known.length > 0 ? chart.element : null, history.changes.length > 0 ? table(history) : null, history.notes.map((note) => h('p', { class: 'note' }, note)));
  }

  fc.historySection = function (group, histories) {
    if (histories.length === 0) return null;
    const sorted = histories.slice().sort((a, b) => confirmedOf(b) - confirmedOf(a) || b.points.length - a.points.length);
    if (fc.onPaper) {
      const left = sorted.length - kPaperSeries;
      return fc.section('history', 'History', sorted.slice(0, kPaperSeries).map(view), left > 0 ? h('p', { class: 'note' }, 'and ' + left + ' more series, which the file itself shows.') : null);
    }
    const place = h('div', {}, view(sorted[0]));
    const show = (index) => {
      place.replaceChildren(view(sorted[index]));
      fc.forgetCharts();
      fc.drawCharts();
    };
    const name = (history) => fc.cut(history.label, 60) + (confirmedOf(history) ? ' (' + confirmedOf(history) + ')' : '');
    const choice = sorted.length < 2 ? null : sorted.length <= 8 ? fc.choices('Series', sorted.map((history, i) => [i, name(history)]), show)
      : h('select', { 'aria-label': 'Series', onchange: (event) => show(Number(event.target.value)) }, sorted.map((history, i) => h('option', { value: i }, name(history))));
    return fc.section('history', 'History', h('div', { class: 'head' }, h('p', { class: 'note' }, 'All runs of the database that belong to a series of this problem. In brackets: change points.'), choice), place);
  };
})(window.FlashCore);
