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

  fc.section = function (id, title, ...children) {
    return fc.h('section', { id, 'aria-labelledby': id + '-title' }, fc.h('h2', { id: id + '-title' }, title), children);
  };

  fc.formatSi = function (value, unit) {
    const prefixes = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm']];
    const [scale, prefix] = prefixes.find(([s]) => Math.abs(value) >= s * 0.9999999) || [1, ''];
    return Number((value / scale).toPrecision(3)) + ' ' + prefix + unit;
  };
})(window.FlashCore);
