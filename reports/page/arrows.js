// Both rooflines of a problem: a hollow point where a phase stood, an arrow to where it stands now.
'use strict';
(function (fc) {
  const { h } = fc;

  // What the roofline draws of a run, made of a pair's point.
  const standIn = (name, colour, ghost, point, memory, tip) => ({ name, colour, ghost, view: { shown: true, roofline: { points: [{ performance: point.text, intensity: point.at, tip }] } },
    roofline: { points: [{ memory, intensity: point.intensity, performance: point.performance, bound: null }] } });

  function scene(data, pairs, memory) {
    const runs = [], arrows = [];
    for (const pair of pairs) for (const point of pair.points.filter((p) => p.memory === memory)) {
      const name = data.changes.rows[pair.row], colour = fc.colourIndex(pair.now.subject);
      const tip = (side) => [name + ', ' + side, point[side].text + ' at ' + point[side].at, point.change + ' from base to now'];
      runs.push(standIn(name, colour, true, point.base, memory, tip('base')), standIn(fc.cut(name, 24) + ' ' + point.change, colour, false, point.now, memory, tip('now')));
      arrows.push({ from: [point.base.intensity, point.base.performance], to: [point.now.intensity, point.now.performance], colour });
    }
    return { runs, arrows };
  }

  fc.arrowsPart = function (data, pair) {
    if (pair.column === null) return null;
    const group = data.groups[pair.column], pairs = data.changes.pairs.filter((other) => other.column === pair.column && other.points.length > 0);
    const owner = fc.roofOwner(group.members, group.fastestRun);
    if (!owner || pairs.length === 0) return null;
    const known = ['dram', 'l2', 'l1'], memories = [...new Set(pairs.flatMap((p) => p.points.map((point) => point.memory)))].sort((a, b) => (known.indexOf(a) + 1 || 9) - (known.indexOf(b) + 1 || 9));
    let memory = memories[0];
    const words = pairs.map((p) => data.changes.rows[p.row] + ' ' + (p.points.find((point) => point.memory === memory) || { change: 'not counted' }).change).join(', ');
    const chart = fc.chart('Roofline of base and now with an arrow a phase; rates changed: ' + words, 420, (width, height) => {
      const { runs, arrows } = scene(data, pairs, memory);
      return fc.rooflineChart(runs, owner, memory, data.tensor_ceiling, arrows)(width, height);
    });
    const rows = pairs.flatMap((p) => p.points.map((point) => h('tr', {}, h('th', { scope: 'row' }, data.changes.rows[p.row]), h('td', { class: 'text' }, point.memory.toUpperCase()), h('td', {}, point.base.text), h('td', {}, point.base.at), h('td', {}, point.now.text), h('td', {}, point.now.at), h('td', {}, point.change))));
    return [h('div', { class: 'head' }, h('h4', {}, 'Under the roof, base and now: ' + fc.cut(group.label, 60)), memories.length > 1 && !fc.onPaper ? fc.choices('Bytes of, base and now', memories.map((m) => [m, m.toUpperCase()]), (value) => { memory = value; chart.redraw(); }) : null),
      h('p', { class: 'note' }, 'Hollow: base. Filled: now, with the change of its rate. Ceilings are those of now.'), chart.element,
      fc.folded('Both rooflines as a table', fc.scroll('Both rooflines', h('table', { class: 'arrows-table' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'phase'), h('th', { scope: 'col', class: 'text' }, 'memory'), ['base', 'at', 'now', 'at', 'change'].map((t) => h('th', { scope: 'col' }, t)))), h('tbody', {}, rows)), 'pinned'))];
  };
})(window.FlashCore);
