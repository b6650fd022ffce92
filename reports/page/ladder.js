// The ladder of a problem: what each rung takes and what it gains over the one before.
'use strict';
(function (fc) {
  const { h } = fc;

  // The times span decades, so that a bar is as long as the logarithm of its time over the shortest.
  function share(ns, ladder) {
    const least = Math.min(...ladder.map((rung) => rung.ns)), most = Math.max(...ladder.map((rung) => rung.ns));
    return most <= least ? 100 : 12 + 88 * Math.log(ns / least) / Math.log(most / least);
  }

  function gainCells(gain, reasons) {
    if (!gain) return [h('td', {}, '–'), h('td', {}, '–'), h('td', {}, '–')];
    const judged = gain.judgement;
    return [h('td', { title: 'over ' + gain.over }, gain.times), h('td', {}, judged ? judged.bounds || judged.change_text || '–' : '–'),
      h('td', { title: judged ? judged.because : null }, judged ? fc.verdictBadge(judged.verdict, judged.word) : reasons.mark(gain.missing))];
  }

  fc.ladderSection = function (group) {
    const ladder = group.ladder;
    if (!ladder) return null;
    const reasons = new fc.Reasons();
    const rows = ladder.map((rung) => h('tr', { 'data-phase': rung.phase }, h('td', {}, rung.rung), h('th', { scope: 'row' }, h('span', { class: 'full' }, rung.phase), rung.title ? h('span', { class: 'why' }, rung.title) : null),
      h('td', { class: 'meter' }, fc.meter(share(rung.ns, ladder), rung.time, '')), gainCells(rung.gain, reasons), h('td', {}, rung.whole)));
    return fc.section('ladder', 'The ladder and its gains', h('p', { class: 'note' }, 'Each rung against the one before it. Lengths of bars are logarithmic. A gain of 2.00× halves the time; its bounds are those of the change in time.'),
      fc.scroll('The ladder', h('table', { id: 'ladder-table', class: 'bars' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'rung'), h('th', { scope: 'col', class: 'text' }, 'phase'), h('th', { scope: 'col', class: 'text' }, 'time'),
        ['gain', 'change between', 'verdict', 'over the first'].map((t) => h('th', { scope: 'col' }, t)))), h('tbody', {}, rows))), reasons.notes());
  };
})(window.FlashCore);
