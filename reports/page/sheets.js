// Sheets: what is told of a run in detail, as sections of rows. One renderer shows them all, the runs side by
// side; no field is known here by its name.
'use strict';
(function (fc) {
  const { h } = fc;
  const kStates = { good: 'right', warning: 'unchecked', bad: 'wrong' };

  // Runs whose sheet says the same share a column.
  function columnsOf(runs, id) {
    const columns = new Map();
    for (const run of runs) {
      const sheet = run.view.sheets[id];
      const key = JSON.stringify(sheet.sections);
      if (!columns.has(key)) columns.set(key, { sheet, runs: [] });
      columns.get(key).runs.push(run);
    }
    return [...columns.values()];
  }

  // In the order of the first that has it; keys of the others come behind.
  function joined(lists) {
    const all = new Map();
    for (const list of lists) for (const item of list) if (!all.has(item.id)) all.set(item.id, item);
    return [...all.values()];
  }

  // The note that most rows of a sheet have (where their values came from) is told once, above it.
  function commonNote(columns) {
    const count = new Map();
    for (const column of columns) for (const section of column.sheet.sections) for (const row of section.rows) {
      if (row.note && row.state === 'plain') count.set(row.note, (count.get(row.note) || 0) + 1);
    }
    const most = [...count.entries()].sort((a, b) => b[1] - a[1])[0];
    return most && most[1] > 3 ? most[0] : null;
  }

  // `notes`: true for all of them below their values, false for those of remarkable values, a text for all but that.
  function cellOf(row, reasons, notes) {
    if (!row) return h('td', {}, '–');
    if (row.state === 'missing') return h('td', {}, reasons.mark(row.note));
    const title = [row.note, row.tip].filter(Boolean).join('; ') || null;
    const long = row.value.length > 40;
    const told = row.note && (row.state !== 'plain' || (typeof notes === 'string' ? row.note !== notes : notes));
    return h('td', { class: [long ? 'wrap' : '', kStates[row.state] || ''].join(' ').trim() || null, title }, row.value, told ? h('span', { class: 'why' }, row.note) : null);
  }

  const full = (text) => h('span', { class: 'full', tabindex: text.length > 160 ? '0' : null }, text);

  // Where the columns' titles differ (each run has kernels of its own) or not all have one, each stands above its column.
  function sectionHead(columns, sections) {
    const known = sections.filter(Boolean), titles = [...new Set(known.map((section) => section.title))];
    const notes = [...new Set(known.map((section) => section.description).filter(Boolean))];
    if (titles.length < 2 && known.length === columns.length) {
      return h('tr', { class: 'part' }, h('th', { colspan: columns.length + 1, scope: 'colgroup' }, full(titles[0] || ''), notes.length ? h('span', { class: 'note' }, notes.join(' · ')) : null));
    }
    return h('tr', { class: 'part' }, h('th', { scope: 'row' }, ''), sections.map((section) => h('th', {}, section ? full(section.title) : '–',
      section && section.description ? h('span', { class: 'note' }, section.description) : null)));
  }

  function sectionBody(columns, id, reasons, notes) {
    const sections = columns.map((column) => column.sheet.sections.find((section) => section.id === id));
    const byId = sections.map((section) => new Map(section ? section.rows.map((row) => [row.id, row]) : []));
    const rows = joined(sections.filter(Boolean).map((section) => section.rows)).map((row) => h('tr', { 'data-row': row.id },
      h('th', { scope: 'row', title: row.tip || null }, full(row.name)), byId.map((known) => cellOf(known.get(row.id), reasons, notes))));
    return h('tbody', { 'data-section': id }, sectionHead(columns, sections), rows);
  }

  // Every run that says the same is named; of many the later ones behind a line that opens them.
  function columnHead(column, columns) {
    const names = column.runs.map((run) => run.name);
    if (columns.length === 1 && names.length > 1) return h('th', { scope: 'col' }, 'all runs');
    const first = full(names.slice(0, 4).join(', ')), rest = names.slice(4);
    return h('th', { scope: 'col' }, first, rest.length === 0 ? null : fc.onPaper ? full(rest.join(', '))
      : h('details', { class: 'more' }, h('summary', {}, 'and ' + rest.length + ' more'), full(rest.join(', '))));
  }

  // A row's note stands below its value where the value is remarkable, or with `notes` always; else it is the tip.
  fc.sheetTable = function (runs, id, notes = false) {
    const reasons = new fc.Reasons(), all = columnsOf(runs, id);
    const common = notes === 'rare' ? commonNote(all) || true : notes;
    const tables = fc.columnsOfPaper(all).map((columns) => fc.scroll(columns[0].sheet.title, h('table', { id: id + '-table' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, ''), columns.map((column) => columnHead(column, all)))),
      joined(columns.map((column) => column.sheet.sections)).map((section) => sectionBody(columns, section.id, reasons, common))), 'pinned'));
    return [typeof common === 'string' ? h('p', { class: 'note' }, 'From ' + common + ' where nothing else is said.') : null, tables, reasons.notes()];
  };

  // Rows that are whole sentences (messages): each once, with the runs that say it.
  fc.sheetList = function (runs, id) {
    const told = new Map();
    for (const run of runs) for (const section of run.view.sheets[id].sections) for (const row of section.rows) {
      const key = JSON.stringify(row);
      if (!told.has(key)) told.set(key, { row, runs: [] });
      told.get(key).runs.push(run);
    }
    const kinds = { bad: 'error', warning: 'warning' };
    const names = (list) => [...new Set(list.map((run) => fc.cut(run.name, 40)))];
    return [...told.values()].map(({ row, runs: sayers }) => h('div', { class: 'banner ' + (kinds[row.state] || 'info'), role: kinds[row.state] ? 'note' : null },
      h('p', {}, h('strong', {}, row.name + ' '), h('code', {}, row.id), ' (' + names(sayers).slice(0, 8).join(', ') + (names(sayers).length > 8 ? ' and more' : '') + ')'),
      h('p', {}, row.value), row.note ? h('p', { class: 'hint' }, row.note) : null));
  };
})(window.FlashCore);
