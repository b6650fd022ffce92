// Stall reasons. Each has a colour of its own, by its place in the catalogue, so that it keeps its meaning from
// problem to problem and from report to report; none of them is a colour of a phase.
'use strict';
(function (fc) {
  const { h, colour, axis } = fc;
  const kColours = 22, kDrawn = 8;
  let places = new Map();

  // `sections` are the catalogue's; shares are the metrics of a section in percent.
  fc.knowStalls = (sections) => {
    const shares = sections.filter((section) => section.id === 'stalls').flatMap((section) => section.metrics.filter((metric) => metric.unit === '%'));
    places = new Map(shares.map((metric, place) => [metric.id, place]));
  };
  const placeOf = (id) => (places.has(id) ? places.get(id) : places.size);
  fc.stallColour = (id) => colour('--s' + (placeOf(id) % kColours));

  // Black or white, whichever is easier to read on it.
  fc.inkOn = (shade) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(shade.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4)));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#14171a' : '#ffffff';
  };

  // The reasons that weigh most over all runs, in the catalogue's order; the others together.
  fc.stallReasons = function (runs) {
    const weight = new Map();
    for (const run of runs) for (const s of run.view.stalls) {
      const known = weight.get(s.id) || { id: s.id, title: s.title, most: 0 };
      known.most = Math.max(known.most, s.value);
      weight.set(s.id, known);
    }
    const sorted = [...weight.values()].sort((a, b) => b.most - a.most);
    return { top: sorted.slice(0, kDrawn).sort((a, b) => placeOf(a.id) - placeOf(b.id)), rest: sorted.slice(kDrawn) };
  };

  fc.stallChart = function (runs) {
    const { top, rest } = fc.stallReasons(runs);
    const share = (run, id) => (run.view.stalls.find((s) => s.id === id) || { value: 0, text: '0 %' });
    return (width) => {
      const bar = (id, title, shade, data) => ({ type: 'bar', stack: 'stalls', id, name: title, barMaxWidth: 26,
        itemStyle: { color: shade, borderColor: colour('--panel'), borderWidth: 1 }, data,
        label: { show: true, color: fc.inkOn(shade), textBorderWidth: 0, fontSize: 11.5,
          formatter: (hit) => (hit.value >= 9 && width > 500 ? Math.round(hit.value) + ' %' : '') } });
      const series = top.map((reason) => bar(reason.id, reason.title, fc.stallColour(reason.id), runs.map((run) => {
        const s = share(run, reason.id);
        return { value: s.value, tip: [reason.title, s.text + ' of the warps’ time', fc.cut(run.name, 60)] };
      })));
      if (rest.length > 0) {
        series.push(bar('others', 'others', colour('--rest'), runs.map((run) => {
          const sum = rest.reduce((total, reason) => total + share(run, reason.id).value, 0);
          return { value: sum, tip: ['others: ' + rest.length + ' reasons', sum.toPrecision(3) + ' %', fc.cut(run.name, 60)] };
        })));
      }
      return {
        legend: { type: 'plain', top: 8, left: 8, right: 8, itemWidth: 11, itemHeight: 11, textStyle: { color: colour('--ink'), fontSize: 12.5 } },
        grid: { left: 8, right: 28, top: width > 900 ? 62 : width > 500 ? 84 : 150, bottom: 36, containLabel: true },
        xAxis: axis({ type: 'value', max: (v) => Math.max(100, Math.ceil(v.max - 0.5)), axisLabel: { formatter: (v) => v + ' %' } }),
        yAxis: fc.nameAxis(runs), series,
      };
    };
  };

  fc.stallTable = function (runs) {
    const { top, rest } = fc.stallReasons(runs);
    const swatch = (id) => {
      const mark = h('span', { class: 'swatch', 'aria-hidden': 'true', 'data-stall': id });
      mark.style.background = fc.stallColour(id);
      return mark;
    };
    const table = (all) => fc.columnsOfPaper(all).map((some) => fc.scroll('Stall reasons', h('table', { id: 'stall-table' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'reason'), fc.columnHeads(some))),
      h('tbody', {}, top.concat(rest).map((reason) => h('tr', { 'data-reason': reason.id }, h('th', { scope: 'row' }, top.includes(reason) ? swatch(reason.id) : null, reason.title),
        some.map((run) => h('td', {}, (run.view.stalls.find((s) => s.id === reason.id) || { text: '–' }).text)))))), 'pinned'));
    return fc.folded('The stall reasons as a table', fc.isMany(runs) ? () => fc.paged('Stall reasons', runs, table) : table(runs));
  };
})(window.FlashCore);
