// Elements and text. Data reaches the page through text nodes and attributes only, never as markup.
'use strict';
window.FlashCore = {};
(function (fc) {
  // h('td', {class: 'text'}, 'a', otherElement): attributes that are null or false are left out.
  fc.h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
  // The same for a drawing: s('rect', {x: 1}).
  fc.s = (tag, attributes, ...children) => filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? '' : String(value));
    }
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return element;
  }

  fc.cut = (text, length) => {
    const characters = Array.from(String(text));
    return characters.length <= length ? String(text) : characters.slice(0, length - 1).join('') + '…';
  };

  // The number that tells runs of one name apart stays.
  fc.cutName = (text, length) => {
    const number = (/ #\d+$/.exec(text) || [''])[0];
    return fc.cut(text.slice(0, text.length - number.length), length - number.length) + number;
  };

  // A long name is cut by the style sheet, and the number behind it stays.
  fc.nameParts = (name) => {
    const number = (/ #\d+$/.exec(name) || [''])[0];
    return [fc.h('span', { class: 'long-name' }, fc.cut(name.slice(0, name.length - number.length), 200)),
      number ? fc.h('span', { class: 'run-number' }, number) : null];
  };

  // Columns of the page are runs; two runs of one name are told apart by their number.
  fc.nameRuns = function (runs) {
    const count = new Map();
    for (const run of runs) count.set(run.view.label, (count.get(run.view.label) || 0) + 1);
    for (const run of runs) {
      run.name = count.get(run.view.label) > 1 ? run.view.label + (run.id ? ' #' + run.id : '') : run.view.label;
    }
  };

  // A reason names the counter of its metric; without the name it is the cause, which many metrics share.
  fc.cause = (reason) => (reason || 'no reason was recorded')
    .replace(/^counter \S+__\S+: /, '').replace(/^[a-z]\w*: (?=neither )/, '').replace(/\bcounter \S+__\S+/, 'its counter');

  // Footnotes for missing values: each reason is told once, below its table.
  fc.Reasons = class {
    constructor() { this.list = []; }
    mark(reason) {
      const text = fc.cause(reason);
      let index = this.list.indexOf(text);
      if (index < 0) index = this.list.push(text) - 1;
      return fc.h('span', { class: 'missing', title: reason || text }, 'missing',
        fc.h('sup', { 'aria-label': 'reason ' + (index + 1) }, index + 1));
    }
    notes() {
      if (this.list.length === 0) return null;
      return fc.h('ol', { class: 'reasons', 'aria-label': 'Why values are missing' },
        this.list.map((reason) => fc.h('li', {}, reason)));
    }
  };

  // options: [[value, label]], of which one is chosen at first.
  fc.choices = function (label, options, chosen, first = 0) {
    const buttons = options.map(([value, text], index) => fc.h('button', {
      type: 'button', 'aria-pressed': String(index === first),
      onclick: (event) => {
        for (const button of buttons) button.setAttribute('aria-pressed', String(button === event.currentTarget));
        chosen(value);
      },
    }, text));
    return fc.h('div', { class: 'choices', role: 'group', 'aria-label': label }, buttons);
  };

  fc.scroll = function (label, table, extra) {
    return fc.h('div', { class: 'scroll ' + (extra || ''), tabindex: '0', role: 'region', 'aria-label': label }, table);
  };

  // Behind a line that opens it; open where it is all there is: on paper, and where there are no charts. What is
  // given as a function is made when it is first opened.
  fc.folded = function (title, ...children) {
    const open = !fc.hasCharts || fc.onPaper;
    const made = children.flat().map((child) => (typeof child !== 'function' ? child : open ? child() : null)), waiting = made.includes(null) ? children.flat().filter((child) => typeof child === 'function') : [];
    return fc.h('details', { open, ontoggle: (event) => { if (event.target.open) event.target.append(...waiting.splice(0).flatMap((child) => child()).filter(Boolean)); } }, fc.h('summary', {}, title), made);
  };

  // Tables with a column a run have room for so many; the others are a choice away.
  const kMostColumns = 40;
  fc.isMany = (runs) => runs.length > kMostColumns;
  fc.paged = function (what, runs, build) {
    if (!fc.isMany(runs) || fc.onPaper) return build(runs);
    const starts = Array.from({ length: Math.ceil(runs.length / kMostColumns) }, (_, i) => i * kMostColumns), place = fc.h('div', {});
    const show = (start) => place.replaceChildren(...[build(runs.slice(start, start + kMostColumns))].flat(Infinity).filter(Boolean));
    const label = (start) => 'runs ' + (start + 1) + ' to ' + Math.min(runs.length, start + kMostColumns) + ' of ' + runs.length;
    show(0);
    return [fc.h('p', { class: 'note paging' }, 'Side by side: ', fc.h('select', { 'aria-label': what + ': which runs', onchange: (event) => show(Number(event.target.value)) },
      starts.map((start) => fc.h('option', { value: start }, label(start))))), place];
  };

  // Paper has room for so many runs side by side; the next ones follow in a table of their own.
  const kPaperColumns = 6;
  fc.columnsOfPaper = function (columns) {
    if (!fc.onPaper || columns.length <= kPaperColumns) return [columns];
    return Array.from({ length: Math.ceil(columns.length / kPaperColumns) }, (_, i) => columns.slice(i * kPaperColumns, (i + 1) * kPaperColumns));
  };

  fc.metric = (run, id) => (id in run.metrics.texts ? { text: run.metrics.texts[id], note: run.metrics.notes[id] } : null);

  fc.section = function (id, title, ...children) {
    return fc.h('section', { id, 'aria-labelledby': id + '-title' }, fc.h('h2', { id: id + '-title' }, title), children);
  };

  fc.formatSi = function (value, unit, digits = 3) {
    const prefixes = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n']];
    const [scale, prefix] = prefixes.find(([s]) => Math.abs(value) >= s * 0.9999999) || [1, ''];
    return Number((value / scale).toPrecision(digits)) + ' ' + prefix + unit;
  };
})(window.FlashCore);
