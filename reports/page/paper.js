// Paper: every problem one after the other, in the order of the page, drawn for the width of a sheet. The screen
// is set aside meanwhile and comes back as it was.
'use strict';
(function (fc) {
  const { h } = fc;
  // A4 less the margins of @page; Letter is a little wider.
  fc.kPaperWidth = 690;
  fc.onPaper = false;
  // So many runs are told in full; of the problems behind them the table of phases, and of a thousand runs no more.
  const kWholeRuns = 150, kBriefRuns = 1000;

  // Which problems are told in full, which in brief, which not at all.
  function planOf(groups) {
    const plan = { whole: [], brief: [], left: [] };
    let runs = 0;
    for (const group of groups) {
      runs += group.members.length;
      (runs <= kWholeRuns || plan.whole.length === 0 ? plan.whole : runs <= kBriefRuns ? plan.brief : plan.left).push(group);
    }
    return plan;
  }

  function leftOut(plan) {
    const named = (groups) => groups.slice(0, 12).map((group) => fc.cut(group.label, 60)).join(', ') + (groups.length > 12 ? ' and ' + (groups.length - 12) + ' more' : '');
    const words = [];
    if (plan.brief.length > 0) words.push('Of these problems only the table of phases is printed: ' + named(plan.brief) + '.');
    if (plan.left.length > 0) words.push('These problems are not printed: ' + named(plan.left) + '.');
    return words.length === 0 ? null : h('p', { class: 'note', id: 'left-out' }, words.join(' ') + ' The file itself has them all.');
  }

  const problem = (group, parts, i) => h('div', { class: 'paper-problem', 'data-problem': i }, h('h1', { class: 'paper-title' }, group.label + (group.device ? ' on ' + group.device : '')), parts);

  fc.printWith = function ({ content, data, themes, header, changes, whole, brief }) {
    let back = null;
    const toPaper = () => {
      if (back) return;
      const screen = [...content.childNodes], charts = fc.setChartsAside();
      const scroll = [window.scrollX, window.scrollY];
      fc.onPaper = true;
      back = () => {
        fc.onPaper = false;
        charts();
        content.replaceChildren(...screen);
        themes.forScreen();
        window.scrollTo(...scroll);
        back = null;
      };
      const plan = planOf(data.groups);
      content.replaceChildren(...header(), ...[leftOut(plan), changes()].filter(Boolean),
        ...data.groups.filter((group) => !plan.left.includes(group)).map((group, i) => problem(group, plan.whole.includes(group) ? whole(group) : brief(group), i)));
      themes.forPaper();
    };
    const toScreen = () => { if (back) back(); };
    window.addEventListener('beforeprint', toPaper);
    window.addEventListener('afterprint', toScreen);
    window.matchMedia('print').addEventListener('change', (event) => (event.matches ? toPaper() : toScreen()));
  };
})(window.FlashCore);
