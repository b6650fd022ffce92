// Why a pair differs: its causes in sentences, and the difference taken apart as bars that go from the time of
// the base to that of now.
'use strict';
(function (fc) {
  const { h, colour, axis } = fc;
  const kDrawn = 14;  // parts; the small ones behind them are one bar

  const format = (ns, digits = 3) => (ns < 0 ? '-' : '') + fc.formatSi(Math.abs(ns) * 1e-9, 's', digits);

  // The parts that weigh most, in the order given; the others as one.
  function drawn(parts) {
    if (parts.length <= kDrawn) return parts;
    const weighty = new Set(parts.slice().sort((a, b) => Math.abs(b.ns) - Math.abs(a.ns)).slice(0, kDrawn - 1));
    const rest = parts.filter((part) => !weighty.has(part));
    return parts.filter((part) => weighty.has(part)).concat([{ id: 'others', title: rest.length + ' others', ns: rest.reduce((sum, part) => sum + part.ns, 0), text: null }]);
  }

  // [name, from, to, kind, text] of each bar.
  function steps(why, parts) {
    const out = [['base', 0, why.base_ns, 'whole', why.base]];
    let at = why.base_ns;
    for (const part of drawn(parts)) {
      out.push([part.title, at, at + part.ns, part.ns > 0 ? 'slower' : 'faster', part.text || (part.ns > 0 ? '+' : '') + format(part.ns)]);
      at += part.ns;
    }
    return out.concat([['now', 0, why.now_ns, 'whole', why.now]]);
  }

  function waterfall(why, parts) {
    return (width) => {
      const bars = steps(why, parts), ends = bars.slice(1, -1).flatMap(([, from, to]) => [from, to]).concat([why.base_ns, why.now_ns]);
      // Small differences of large times would not be seen from zero on; the axis says where it begins.
      const least = Math.min(...ends), most = Math.max(...ends), spread = most - least || most;
      // Parts of both signs may lead below zero on their way.
      const far = least < 0 ? least - 0.05 * spread : least - spread < 0.35 * most ? 0 : least - 0.25 * spread;
      // The bars are stacked from it on, so that it has to be a round number for the ticks to be some.
      const round = Math.pow(10, Math.floor(Math.log10(most - far))) / 2, low = Math.floor(far / round) * round, room = (most - low) * (width < 500 ? 0.34 : 0.16);
      // As many digits as tell two ticks apart.
      const digits = Math.max(3, Math.min(7, 2 + Math.ceil(Math.log10(most / (most - low)))));
      const shade = { whole: colour('--soft'), slower: colour('--slower'), faster: colour('--faster') };
      const from = bars.map(([, a, b]) => Math.max(low, Math.min(a, b)) - low), long = bars.map(([, a, b], i) => Math.max(a, b) - low - from[i]);
      return {
        grid: { left: 8, right: 20, top: 8, bottom: 40, containLabel: true },
        xAxis: axis({ type: 'value', min: 0, max: most - low + room, name: (width < 500 ? 'time' : 'time of a launch') + (low > 0 ? ', not from 0' : ''), nameLocation: 'middle', nameGap: 26,
          splitNumber: width < 500 ? 3 : 6, axisLabel: { hideOverlap: true, showMaxLabel: false, formatter: (v) => format(v + low, digits) } }),
        yAxis: axis({ type: 'category', inverse: true, data: bars.map(([name]) => fc.cut(name, 40)), axisTick: { show: false }, splitLine: { show: false },
          axisLabel: { color: colour('--ink'), width: width < 500 ? 110 : 210, overflow: 'truncate' } }),
        series: [{ type: 'bar', stack: 'w', silent: true, itemStyle: { color: 'transparent' }, data: from, barMaxWidth: 20 },
          { type: 'bar', stack: 'w', barMaxWidth: 20, data: bars.map(([name, , , kind, text], i) => ({ value: long[i], itemStyle: { color: shade[kind] }, tip: [fc.cut(name, 80), text],
            label: { show: true, position: 'right', color: colour('--ink'), formatter: () => text } })) }],
      };
    };
  }

  function table(why, split) {
    return h('table', { class: 'split-table', 'data-split': split.id }, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'part'), ['base', 'now', 'of the difference'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, split.parts.map((part) => h('tr', { 'data-part': part.id, 'data-ns': part.ns }, h('th', { scope: 'row' }, part.title), h('td', {}, part.base || '–'), h('td', {}, part.now || '–'), h('td', {}, part.text))),
        h('tr', { class: 'sum' }, h('th', { scope: 'row' }, 'all of it'), h('td', {}, why.base), h('td', {}, why.now), h('td', {}, why.difference))));
  }

  function splitView(why, split) {
    if (split.parts.length === 0) return h('div', { class: 'empty' }, split.title + ': ' + (split.missing || 'there is nothing to split') + '.');
    const chart = fc.chart('Bars from the time of the base, ' + why.base + ', to that of now, ' + why.now + ': ' + split.parts.map((part) => part.title + ' ' + part.text).join(', '),
      58 + 27 * (2 + Math.min(kDrawn, split.parts.length)), waterfall(why, split.parts));
    return h('div', { 'data-view': split.id }, split.method ? h('p', { class: 'note' }, split.method) : null, chart.element, fc.folded('These parts as a table', fc.scroll(split.title, table(why, split), 'pinned')));
  }

  fc.whyPart = function (pair) {
    const why = pair.why;
    if (!why) return null;
    const head = h('h4', {}, 'Why');
    if (why.missing || why.base_ns === null || why.now_ns === null) return [head, h('div', { class: 'empty' }, 'Nothing to split: ' + (why.missing || 'a side has no time') + '.')];
    const causes = { id: 'causes', title: 'Causes', method: '', missing: 'no cause was found', parts: why.causes.map((cause) => ({ ...cause, base: cause.share + ' of it', now: '' })) };
    const views = [causes, ...why.splits].filter((split) => split.parts.length > 0), without = why.splits.filter((split) => split.parts.length === 0 && split.missing);
    const place = h('div', {});
    const show = (index) => {
      place.replaceChildren(splitView(why, views[index]));
      fc.forgetCharts();
      fc.drawCharts();
    };
    if (views.length > 0) place.append(...(fc.onPaper ? views : views.slice(0, 1)).map((split) => splitView(why, split)));
    const sentences = h('ol', { class: 'causes' }, why.causes.slice(0, 3).map((cause) => h('li', { 'data-cause': cause.id }, cause.sentence || cause.title, h('span', { class: 'tag' }, cause.text + ', ' + cause.share))));
    return [h('div', { class: 'head' }, head, views.length > 1 && !fc.onPaper ? fc.choices('Split by', views.map((split, i) => [i, split.title]), show) : null),
      h('p', { class: 'note' }, 'Of ' + why.base + ' to ' + why.now + ', by the runs that stand for their sets: ' + why.difference + '.'), why.causes.length ? sentences : null,
      why.changed.length ? h('p', { class: 'note', 'data-note': 'facts' }, 'Also different: ' + why.changed.join('; ') + '.') : null, place,
      without.map((split) => h('p', { class: 'note' }, split.title + ': ' + split.missing + '.'))];
  };
})(window.FlashCore);
