// The page: summary, choice of problem, sections, theme.
'use strict';
(function (fc) {
  const { h } = fc;
  const [data, packedRuns] = fc.unpack(JSON.parse(document.getElementById('data').textContent));
  data.runs = packedRuns;
  const content = document.getElementById('content');
  const unique = (values) => [...new Set(values.filter((v) => v !== null && v !== undefined && v !== ''))];
  const listed = (values, most) => (values.length <= most ? values : values.slice(0, most).concat('and ' + (values.length - most) + ' more')).join(', ');

  function prepare() {
    fc.knowStalls(data.sections);
    for (const group of data.groups) {
      group.members = group.runs.map((index) => data.runs[index]);
      group.fastestRun = group.fastest === null ? null : data.runs[group.fastest];
      fc.nameRuns(group.members);
    }
    // One colour a name, the same on every problem; of phases that were run again and again one a phase.
    const kNamesApart = 18;
    const names = unique(data.groups.flatMap((group) => group.members.map((run) => run.name)));
    const known = names.length <= kNamesApart ? names : unique(data.runs.map((run) => run.view.label));
    for (const run of data.runs) run.colour = known.indexOf(names.length <= kNamesApart ? run.name : run.view.label);
    fc.colourIndex = (phase) => (data.runs.find((run) => run.phase === phase) || { colour: 0 }).colour;
  }

  function banner(kind, ...children) {
    return h('div', { class: 'banner ' + kind, role: kind === 'info' ? null : 'note' }, children);
  }

  function header() {
    const runs = data.runs;
    document.title = data.title;
    const parts = [h('h1', {}, data.title)];
    if (runs.length === 0) {
      parts.push(banner('info', h('p', {}, 'There are no runs in this report.'),
        h('p', { class: 'hint' }, 'Profile a phase or replay a recording, and write the report again: flashcore-profile --phase all --shape mission --report report.html')));
      return parts;
    }
    const phases = unique(runs.map((run) => run.phase));
    const first = runs[0];
    const environment = first.environment;
    const clocks = [clockRange(runs, false), clockRange(runs, true)].filter(Boolean);
    const live = runs.filter((run) => run.origin !== 'import');
    const problems = unique(runs.map((run) => run.problem_text)).length;
    const clockless = runs.some((run) => run.view.graph) ? ', SM clock not recorded' : '';
    const nominal = runs.filter((run) => run.clock && run.clock.nominal);
    parts.push(h('p', { class: 'lead', id: 'summary' },
      count(phases.length, runs.every((run) => run.subject.kind === 'phase') ? 'phase' : 'subject') + ' (' + listed(phases.map((p) => fc.cut(p, 60)), 8) + ')' + (problems > 0 ? ' on ' + count(problems, 'problem') : '') +
      ', measured on ' + (listed(unique(runs.map((run) => run.device)), 3) || 'an unnamed device') +
      (environment.driver ? ', driver ' + environment.driver : '') + (clocks.length ? ', SM clock ' + listed(clocks, 3) : clockless) +
      (live.length ? ', kernels at commit ' + listed(unique(live.map((run) => run.view.commit)), 3) : '') + '.'));
    if (nominal.length > 0) parts.push(h('p', { class: 'note', id: 'nominal' }, (nominal.length === runs.length ? 'The clock of these runs' : 'The clock of some of these runs') +
      ' is nominal: what the driver had set. The SMs may have run slower under load, so that ceilings may be too high and shares of the limit too low.'));
    if (!fc.hasCharts) parts.push(banner('info', h('p', { id: 'no-charts' }, fc.whyNoCharts)));
    const elsewhere = (origin, all, some, none) => {
      if (origin.runs === 0) return;
      parts.push(banner('warning', h('p', {}, h('strong', {}, origin.runs === runs.length ? all : some),
        ' ' + none + ' was measured on the machine that wrote this report.'), origin.sentences.slice(0, 6).map((sentence) => h('p', {}, sentence)),
        origin.sentences.length > 6 ? h('p', {}, 'and ' + (origin.sentences.length - 6) + ' more') : null));
    };
    elsewhere(data.recordings, 'This is a recording.', 'Some of these runs are recordings.', data.recordings.runs === runs.length ? 'Nothing of it' : 'None of those');
    elsewhere(data.imports, 'These runs are imported.', 'Some of these runs are imported.', data.imports.runs === runs.length ? 'None of them' : 'None of those');
    const wrong = runs.filter((run) => run.answer === 'wrong');
    if (wrong.length > 0) {
      parts.push(banner('error', h('p', {}, h('strong', {}, count(wrong.length, 'run') + ' with a wrong answer: '),
        listed(unique(wrong.map((run) => fc.cut(run.phase, 60) + (run.shape === null ? '' : ' on ' + run.shape))), 6) + '. Their timing is not a result and is not shown.')));
    }
    return parts;
  }
  // From the slowest to the fastest: each run has its own.
  function clockRange(runs, nominal) {
    const all = runs.filter((run) => run.clock && run.clock.nominal === nominal).map((run) => Math.round(run.clock.mhz));
    if (all.length === 0) return null;
    const least = Math.min(...all), most = Math.max(...all);
    return (least === most ? '' : least + ' to ') + most + ' MHz (' + (nominal ? 'nominal' : 'effective') + ')';
  }
  const count = (n, word) => n + ' ' + word + (n === 1 ? '' : 's');

  function problemChoice(show) {
    const several = new Set(data.groups.map((group) => group.device)).size > 1;
    const label = (group) => group.label + (several ? ' on ' + (group.device || 'an unnamed device') : '');
    if (data.groups.length < 2) return null;
    const control = data.groups.length <= 12 ? fc.choices('Problem', data.groups.map((group, i) => [i, fc.cut(label(group), 60)]), show, data.first)
      : h('select', { 'aria-label': 'Problem', onchange: (event) => show(Number(event.target.value)) },
        data.groups.map((group, i) => h('option', { value: i, selected: i === data.first }, fc.cut(label(group), 80))));
    return h('nav', { class: 'problems', 'aria-label': 'Problems' }, h('span', { class: 'name' }, 'Problem'), control);
  }

  function phases(group) {
    const runs = group.members;
    const caches = group.cache === 'cold' ? 'caches flushed before each launch' : group.cache === 'warm' ? 'warm caches' : '';
    const place = h('p', { class: 'note' }, [group.axes, group.device || 'an unnamed device', caches, group.limit].filter(Boolean).join(' · '));
    if (group.imports) return fc.section('phases', 'Imported kernels', place, fc.importTable(runs));
    const section = fc.section('phases', 'Phases on ' + fc.cut(group.label, 80), place, fc.phaseTable(group, runs));
    const all = runs.filter((run) => run.view.graph), timed = fc.fewRows(all);
    if (timed.length > 0) {
      let kind = 'time';
      const chart = fc.chart('Bars: ' + timed.map((run) => fc.cut(run.name, 40) + ' ' + run.view.graph.p50).join(', '),
        70 + 38 * timed.length, (w, hh) => fc.phaseBars(timed, kind)(w, hh));
      section.append(h('div', { class: 'head' }, h('h3', {}, 'Time of a launch'), fc.choices('Bars show', [['time', 'Time'], ['limit', 'Of limit'], ['rate', 'Rate']], (value) => { kind = value; chart.redraw(); })), fc.fewNote(all) || '', fc.fewNote(all) || '', chart.element);
    }
    return section;
  }

  const speed = (group) => fc.speedSection(group);

  function roofline(group) {
    const runs = group.members;
    const owner = fc.roofOwner(runs, group.fastestRun);
    const memories = unique(runs.filter((run) => run.view.shown).flatMap((run) => run.roofline.points.map((point) => point.memory)));
    const reasons = unique(runs.map((run) => run.roofline.reason));
    if (!owner || memories.length === 0) {
      return fc.section('roofline', 'Roofline', h('div', { class: 'empty' }, 'No roofline: ' + (reasons.slice(0, 3).map((reason) => reason.replace(/^no point: /, '')).join('; ') || 'no run here has a right answer, a timing and ceilings') + '.'));
    }
    const known = ['dram', 'l2', 'l1'];
    memories.sort((a, b) => (known.indexOf(a) + 1 || 9) - (known.indexOf(b) + 1 || 9));
    let memory = memories[0];
    const chart = fc.chart('Roofline, log-log: ' + runs.filter((run) => run.view.main_point !== null).map((run) => {
      const text = run.view.roofline.points[run.view.main_point];
      return fc.cut(run.name, 40) + ' ' + text.performance + ' at ' + text.intensity + (run.roofline.points[run.view.main_point].bound === null ? '' : ', ' + text.fraction + ' of the attainable');
    }).join('; '), 440, (w, hh) => fc.rooflineChart(runs, owner, memory, data.tensor_ceiling)(w, hh));
    const clock = owner.roofline.sm_clock_hz;
    // A run without counters stands by the least bytes that its problem moves.
    const modelled = runs.flatMap((run) => run.roofline.points).map((point) => point.bytes_provenance === 'model');
    const bytes = modelled.every((model) => model) ? 'the least bytes of the problem, for none were counted'
      : 'the bytes that were counted' + (modelled.includes(true) ? ', or by the least bytes of the problem where none were' : '');
    return fc.section('roofline', 'Roofline',
      h('div', { class: 'head' }, h('p', { class: 'note' }, 'Ceilings are theoretical, computed ' + (clock ? 'at ' + Math.round(clock / 1e6) + ' MHz, the ' + (owner.clock && owner.clock.nominal ? 'nominal ' : '') + 'SM clock of ' + fc.cut(owner.name, 40) + '’s run' : 'at the device’s highest clock, for no clock was recorded') +
        '. Dashed lines are no limits: a definition, or one kind of instruction below another. Points stand by ' + bytes + '; what a run is judged by is its share of the problem’s limit.'),
      memories.length > 1 ? fc.choices('Bytes of', memories.map((m) => [m, m.toUpperCase()]), (value) => { memory = value; chart.redraw(); }) : null),
      chart.element, cacheNote(runs), fc.rooflineTable(runs, owner), reasons.map((reason) => h('p', { class: 'note' }, reason)));
  }

  function cacheNote(runs) {
    const cached = runs.filter((run) => run.view.in_cache).map((run) => fc.cut(run.name, 40));
    if (cached.length === 0) return null;
    return h('p', { class: 'note', id: 'cache-note' }, 'These counters were taken with warm caches, as in a loop. The data of ' + listed(cached, 8) +
      ' stayed in L2, so that next to nothing moved through DRAM and the point by DRAM bytes stands far to the right; the one by L2 bytes says more here.');
  }

  function stalls(group) {
    const all = group.members.filter((run) => run.view.stalls.length > 0), runs = fc.fewRows(all);
    if (runs.length === 0) {
      const section = data.sections.find((s) => s.id === 'stalls');
      // What a chip has no counters for explains its own reasons alone.
      const why = (section ? unique(section.metrics.flatMap((m) => group.members.map((run) => fc.metric(run, m.id))).filter((metric) => metric && metric.text === null).map((metric) => fc.cause(metric.note))) : [])
        .filter((reason, i, all) => all.length === 1 || !/ has no counters for it$/.test(reason));
      return fc.section('stalls', 'What stalls the warps', h('div', { class: 'empty' }, 'No stall reasons: ' + (why.slice(0, 3).join('; ') || 'no stall counters were collected') + '.'));
    }
    const { top } = fc.stallReasons(runs);
    const chart = fc.chart('Stacked bars of stall reasons: ' + runs.map((run) => fc.cut(run.name, 40) + ' mostly ' + run.view.stalls.slice(0, 3).map((s) => s.title + ' ' + s.text).join(', ')).join('; '),
      140 + 44 * runs.length + (top.length > 4 && window.innerWidth < 640 ? 80 : 0), fc.stallChart(runs));
    return fc.section('stalls', 'What stalls the warps', h('p', { class: 'note' }, 'Share of the warps’ time in each state, by phase. A colour is the same reason on every problem.'), fc.fewNote(all), chart.element, fc.stallTable(all));
  }

  function metrics(group) {
    const section = fc.section('metrics', 'Metrics', fc.paged('Metrics', group.members, (runs) => {
      const { filter, body } = fc.metricTable(data.sections, runs);
      return [h('div', { class: 'head' }, h('p', { class: 'note' }, 'Computed from raw counters by the catalogue’s formulas; counters are taken apart from timing. ↑ higher is better, ↓ lower is better.'), filter), body];
    }));
    section.classList.add('long');
    return section;
  }

  const sheet = (id, title, note, place = id, notes = false) => (group) => fc.section(place, title, note ? h('p', { class: 'note' }, note) : null, fc.paged(title, group.members, (runs) => fc.sheetTable(runs, id, notes)));

  // Which samples are drawn, where not all of them are.
  function thinnedNote(runs, kind) {
    const thinned = runs.map((run) => run.view.samples[kind]).filter((samples) => samples.us.length < samples.n);
    if (thinned.length === 0) return '';
    const most = Math.max(...thinned.map((samples) => samples.n)), least = Math.min(...thinned.map((samples) => samples.n));
    return 'Samples were thinned to keep this file small: drawn are ' + data.samples_kept + ' of the ' + (least === most ? most : least + ' to ' + most) +
      ' that ' + (thinned.length === 1 ? 'a run has' : 'each of ' + thinned.length + ' runs has') + ', spread evenly over their ranks. The percentiles are those of all samples.';
  }

  function timing(group) {
    const section = sheet('timing', 'Answer and timing', 'Percentiles are nearest rank.')(group), runs = fc.fewRows(group.members);
    const kinds = [['graph', 'Graph replay'], ['launch', 'Single launch']].filter(([kind]) => runs.some((run) => run.view.samples[kind].us.length > 0));
    if (kinds.length > 0) {
      let kind = kinds[0][0];
      const chart = fc.chart('Every sample as its distance from the median of its run; the table above has the percentiles', 70 + 46 * runs.length, (w, hh) => fc.spreadChart(runs, kind)(w, hh));
      const thinned = h('p', { class: 'note', 'data-note': 'thinned' }, thinnedNote(runs, kind));
      section.append(h('div', { class: 'head' }, h('h3', {}, 'Spread of the samples'), fc.choices('Samples of', kinds, (value) => { kind = value; thinned.textContent = thinnedNote(runs, kind); chart.redraw(); })), thinned, fc.fewNote(group.members) || '', chart.element);
    }
    return section;
  }

  function messages(group) {
    const list = fc.sheetList(group.members, 'messages');
    return list.length === 0 ? null : fc.section('messages', 'Messages', list);
  }

  function theme() {
    const button = document.getElementById('theme');
    const preferred = window.matchMedia('(prefers-color-scheme: dark)');
    let chosen = null;
    try { chosen = localStorage.getItem('flashcore-theme'); } catch { /* a file may have no storage */ }
    const apply = (name) => {
      document.documentElement.dataset.theme = name;
      button.textContent = name === 'dark' ? 'Light' : 'Dark';
      button.setAttribute('aria-label', 'Use the ' + (name === 'dark' ? 'light' : 'dark') + ' theme');
      button.setAttribute('aria-pressed', String(name === 'dark'));
      for (const swatch of document.querySelectorAll('.swatch')) swatch.style.background = swatch.dataset.stall ? fc.stallColour(swatch.dataset.stall) : fc.runColour(Number(swatch.dataset.colour));
      fc.drawCharts();
    };
    const current = () => (chosen === 'dark' || chosen === 'light' ? chosen : preferred.matches ? 'dark' : 'light');
    button.addEventListener('click', () => {
      chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
      try { localStorage.setItem('flashcore-theme', chosen); } catch { /* kept for this visit only */ }
      apply(chosen);
    });
    preferred.addEventListener('change', () => apply(current()));
    apply(current());
    // Paper is white whatever the screen is.
    return { forPaper: () => apply('light'), forScreen: () => apply(current()) };
  }

  prepare();
  const themes = theme();
  const place = h('div', { id: 'problem' });
  const kParts = [phases, (group) => fc.ladderSection(group), speed, roofline, stalls, metrics, timing,
    (group) => fc.historySection(group, data.histories.filter((history) => history.group === data.groups.indexOf(group))), sheet('kernels', 'Kernels', null, 'kernels', 'rare'),
    sheet('measurements', 'Measurements', 'What each collector took in one go; a counter that another measurement won over is listed with what it said.', 'measurements', true),
    messages, sheet('summary', 'Runs', null, 'runs'), sheet('environment', 'Environment')];
  const partsOf = (group, parts) => parts.map((part) => part(group)).filter(Boolean);
  // Of a problem with many runs the first parts at once, and the others as jobs for later.
  const kAtOnce = 2;
  let shown = -1;
  const put = (index) => {
    const group = data.groups[index], now = fc.isMany(group.members) ? kParts.slice(0, kAtOnce) : kParts;
    shown = index;
    place.replaceChildren(...partsOf(group, now));
    return kParts.slice(now.length).map((part) => () => { if (shown === index) place.append(...partsOf(group, [part])); });
  };
  const show = (index) => {
    const later = put(index);
    fc.forgetCharts();
    fc.drawCharts();
    fc.inTurns(later);
  };
  const changes = () => fc.changesSection(data);
  content.append(...header(), ...[changes(), problemChoice(show)].filter(Boolean), place);
  fc.inTurns(data.groups.length > 0 ? put(data.first) : []);
  fc.printWith({ content, data, themes, header, changes, whole: (group) => partsOf(group, kParts), brief: (group) => partsOf(group, [phases]) });
  let pending = 0;
  window.addEventListener('resize', () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(fc.drawCharts); });
  document.getElementById('made').textContent = 'Written by FlashCore ' + data.program.version + ' at ' + data.generated_at + '. One file, nothing is fetched.' + (fc.hasCharts ? ' Charts by Apache ECharts.' : '');
})(window.FlashCore);
