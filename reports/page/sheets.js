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

  function cellOf(row, reasons, withNotes) {
    if (!row) return h('td', {}, '–');
    if (row.state === 'missing') return h('td', {}, reasons.mark(row.note));
    const title = [row.note, row.tip].filter(Boolean).join('; ') || null;
    const long = row.value.length > 40;
    return h('td', { class: [long ? 'wrap' : '', kStates[row.state] || ''].join(' ').trim() || null, title }, row.value,
      row.note && (withNotes || row.state !== 'plain') ? h('span', { class: 'why' }, row.note) : null);
  }

  function sectionBody(columns, id, reasons, withNotes) {
    const sections = columns.map((column) => column.sheet.sections.find((section) => section.id === id));
    const known = sections.filter(Boolean);
    const titles = [...new Set(known.map((section) => section.title))];
    const notes = [...new Set(known.map((section) => section.description).filter(Boolean))];
    const rows = joined(known.map((section) => section.rows)).map((row) => h('tr', { 'data-row': row.id },
      h('th', { scope: 'row', title: row.tip || null }, fc.cut(row.name, 80)),
      sections.map((section) => cellOf(section && section.rows.find((other) => other.id === row.id), reasons, withNotes))));
    return h('tbody', { 'data-section': id }, h('tr', { class: 'part' }, h('th', { colspan: columns.length + 1, scope: 'colgroup' },
      titles.slice(0, 3).map((title) => fc.cut(title, 120)).join(' · '), notes.length ? h('span', { class: 'note' }, notes.slice(0, 3).join(' · ')) : null)), rows);
  }

  const columnName = (column, columns) => (columns.length === 1 && column.runs.length > 1 ? 'all runs'
    : column.runs.slice(0, 4).map((run) => run.name).join(', ') + (column.runs.length > 4 ? ' and ' + (column.runs.length - 4) + ' more' : ''));

  // A row's note stands below its value where the value is remarkable, or with `withNotes` always; else it is the tip.
  fc.sheetTable = function (runs, id, withNotes = false) {
    const columns = columnsOf(runs, id);
    const reasons = new fc.Reasons();
    const bodies = joined(columns.map((column) => column.sheet.sections)).map((section) => sectionBody(columns, section.id, reasons, withNotes));
    const heads = columns.map((column) => h('th', { scope: 'col' }, h('span', { class: 'label', title: column.runs.map((run) => run.name).join(', ') },
      fc.nameParts(columnName(column, columns)))));
    return [fc.scroll(columns[0].sheet.title, h('table', { id: id + '-table' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, ''), heads)), bodies), 'pinned'), reasons.notes()];
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
