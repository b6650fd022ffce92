// What changed: phases x problems with a verdict each. A cell opens its pair (pair.js).
'use strict';
(function (fc) {
  const { h } = fc;
  const kMarks = { faster: '▼', slower: '▲', same: '=', ambiguous: '?' };
  // On paper there is no cell to press: the pairs that changed most are printed with the map.
  const kPaperPairs = 12;

  // Of a metric (BETTER, WORSE) the word alone: an arrow would point where its value did not go.
  fc.verdictBadge = (verdict, word) => h('span', { class: 'verdict ' + verdict }, ['BETTER', 'WORSE'].includes(word) ? null : h('span', { 'aria-hidden': 'true' }, (kMarks[verdict] || '') + ' '), word);
  const size = (pair) => Math.abs(pair.time.change || 0);

  // Slower before faster before ambiguous, the largest change first.
  const kOrder = ['slower', 'faster', 'ambiguous', 'same'];
  const byWeight = (pairs) => pairs.slice().sort((a, b) => kOrder.indexOf(a.verdict) - kOrder.indexOf(b.verdict) || size(b) - size(a));

  // The larger the change, the deeper the colour; word, mark and number say the same.
  const depth = (pair) => (pair.verdict === 'same' || pair.verdict === 'ambiguous' ? 1 : size(pair) < 0.02 ? 1 : size(pair) < 0.05 ? 2 : size(pair) < 0.2 ? 3 : 4);

  function cell(pairs, open, missing) {
    if (pairs.length === 0) return h('td', { class: 'hole', title: missing }, h('span', { class: 'missing' }, 'missing'), h('span', { class: 'why' }, missing));
    return h('td', {}, pairs.map((pair) => h('button', { type: 'button', class: 'cell ' + pair.verdict + ' depth-' + depth(pair), 'data-pair': pair.place, 'aria-expanded': 'false', 'aria-controls': 'pair',
      'aria-label': pair.label + ': ' + pair.word + (pair.time.change_text ? ', ' + pair.time.change_text : '') + (pair.time.bounds ? ', ' + pair.time.bounds : ''), title: pair.sentence, onclick: () => open(pair) },
    h('span', { class: 'word' }, h('span', { 'aria-hidden': 'true' }, kMarks[pair.verdict] + ' '), pair.word), h('span', { class: 'by' }, pair.time.change_text || 'not timed'))));
  }

  // Arrow keys go from cell to cell, as in a grid; holes are passed over.
  function walk(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const td = event.target.closest('td');
    if (!step || !td) return;
    const rows = [...td.closest('tbody').rows];
    let y = rows.indexOf(td.parentElement), x = td.cellIndex;
    for (;;) {
      y += step[0];
      x += step[1];
      const next = rows[y] && rows[y].cells[x];
      if (!next || x < 1) return;
      const button = next.querySelector('button');
      if (button) {
        event.preventDefault();
        button.focus();
        return;
      }
    }
  }

  function heatMap(data, open) {
    const changes = data.changes, several = new Set(changes.columns.map((column) => column.device)).size > 1;
    const columns = changes.columns.map((column, i) => ({ ...column, i })).filter((column) => !data.groups[column.i].imports);
    const has = (row, column) => data.groups[column.i].members.some((run) => run.phase === changes.rows[row]);
    const rows = changes.rows.map((name, row) => h('tr', { 'data-row': name }, h('th', { scope: 'row' }, h('span', { class: 'label', title: name }, fc.nameParts(name))),
      columns.map((column) => cell(changes.pairs.filter((pair) => pair.row === row && pair.column === column.i), open,
        has(row, column) ? 'not in the base, or not comparable with it' : 'not run here'))));
    return fc.scroll('Verdicts by phase and problem', h('table', { id: 'change-map', class: 'heat', onkeydown: walk },
      h('caption', {}, h('span', {}, 'Change of the time of a launch. ▼ FASTER, ▲ SLOWER, = SAME, ? AMBIGUOUS: more samples would decide. Choose a cell to see why; arrow keys go from cell to cell.')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'phase'), columns.map((column) => h('th', { scope: 'col' }, h('span', { class: 'full' }, column.label + (several && column.device ? ' on ' + column.device : '')))))),
      h('tbody', {}, rows)), 'pinned');
  }

  function tally(changes) {
    const count = (verdict) => changes.pairs.filter((pair) => pair.verdict === verdict).length;
    return changes.pairs.length + (changes.pairs.length === 1 ? ' pair: ' : ' pairs: ') + kOrder.map((verdict) => [count(verdict), verdict]).filter(([n]) => n > 0).map(([n, verdict]) => n + ' ' + verdict).join(', ') + '.';
  }

  const list = (title, texts) => (texts.length === 0 ? null : h('p', { class: 'note' }, h('strong', {}, title + ' '), h('span', { class: 'full' }, texts.join('; '))));

  fc.changesSection = function (data) {
    const changes = data.changes;
    if (!changes) return null;
    changes.pairs.forEach((pair, place) => { pair.place = place; });
    const place = h('div', { id: 'pair', 'aria-live': 'polite' });
    const section = fc.section('changes', 'What changed', h('p', { class: 'lead', id: 'change-summary' }, h('span', {}, 'Against ' + changes.base + (changes.sentence && changes.sentence !== changes.base ? ' (' + changes.sentence + ')' : '') + ', '), tally(changes)));
    const open = (pair) => {
      for (const button of section.querySelectorAll('[data-pair]')) button.setAttribute('aria-expanded', String(button.dataset.pair === String(pair.place)));
      place.replaceChildren(fc.pairPanel(data, pair));
      fc.forgetCharts();
      fc.drawCharts();
    };
    const weighty = byWeight(changes.pairs), changed = weighty.filter((pair) => pair.verdict !== 'same');
    section.append(heatMap(data, open), ...[list('Only in the base:', changes.only_base), list('Only here:', changes.only_now), ...changes.notes.map((note) => h('p', { class: 'note' }, note))].filter(Boolean), place);
    section.classList.add('long');
    if (fc.onPaper) {
      const columns = new Set();
      // Both rooflines of a problem are the same in each of its pairs: once is enough.
      const first = (pair) => !columns.has(pair.column) && Boolean(columns.add(pair.column));
      place.replaceChildren(...changed.slice(0, kPaperPairs).map((pair) => fc.pairPanel(data, pair, first(pair))),
        changed.length > kPaperPairs ? h('p', { class: 'note' }, 'and ' + (changed.length - kPaperPairs) + ' more pairs that changed, which the file itself shows.') : '');
    } else if (weighty.length > 0) {
      const first = weighty[0];
      place.replaceChildren(fc.pairPanel(data, first));
      section.querySelector('[data-pair="' + first.place + '"]')?.setAttribute('aria-expanded', 'true');
    }
    return section;
  };
})(window.FlashCore);
