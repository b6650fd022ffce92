// Charts: ECharts drawings, each with a text alternative beside it. Colours come from the style sheet,
// so that the theme is said in one place.
'use strict';
(function (fc) {
  const { h } = fc;
  let live = [];

  const colour = fc.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const kColours = 9;
  fc.runColour = (index) => colour('--p' + (index % kColours));

  fc.hasCharts = typeof echarts !== 'undefined';
  fc.whyNoCharts = 'This report has no charts, for the FlashCore that wrote it was built without Apache ECharts; its tables hold the same runs. ' +
    'To get charts: run "npm ci" in reports/ of the sources, configure and build again, and write the report anew.';

  // A chart has a row for this many runs; the table beside it has all of them.
  fc.kMostRows = 40;
  fc.fewRows = (runs) => (runs.length <= fc.kMostRows ? runs
    : runs.slice().sort((a, b) => (a.view.graph ? a.timing.graph_us.p50 : Infinity) - (b.view.graph ? b.timing.graph_us.p50 : Infinity)).slice(0, fc.kMostRows));
  fc.fewNote = (runs) => (runs.length <= fc.kMostRows ? null : h('p', { class: 'note' }, 'Drawn are the ' + fc.kMostRows + ' fastest of ' + runs.length + ' runs; the table has all.'));

  // build(width, height) gives the option anew: for a theme, a size, a choice. On paper a chart is as wide as any
  // sheet has room for, and a drawing of lines in place of one of dots.
  fc.chart = function (label, height, build) {
    if (!fc.hasCharts) return { element: h('div', { class: 'empty no-chart' }, 'A chart is missing here: ' + label), redraw: () => {} };
    const element = h('div', { class: 'chart', role: 'img', 'aria-label': label });
    element.style.height = height + 'px';
    const entry = { element, build, chart: null };
    entry.draw = () => {
      if (!element.isConnected) return;
      if (fc.onPaper) element.style.width = fc.kPaperWidth + 'px';
      entry.chart = entry.chart || echarts.init(element, null, { renderer: fc.onPaper ? 'svg' : 'canvas' });
      entry.chart.resize();
      entry.chart.setOption(Object.assign(base(), build(element.clientWidth, element.clientHeight)), true);
      // Paper does not wait for the next frame.
      if (fc.onPaper) entry.chart.getZr().flush();
    };
    fc.keepDrawn(entry);
    return { element, redraw: entry.draw };
  };
  // Whatever has to be drawn anew for another size or theme: entry.draw().
  fc.keepDrawn = (entry) => { live.push(entry); };
  fc.drawCharts = () => live.forEach((entry) => entry.draw());
  // When the page opens, it can be read before all of it is there: first these jobs, then every chart that is not
  // drawn yet, each in a task of its own.
  fc.inTurns = (jobs) => {
    const waiting = jobs.slice();
    let charts = null;
    fc.allDrawn = new Promise((done) => {
      const next = () => {
        if (fc.onPaper) return setTimeout(next, 50);
        if (waiting.length > 0) waiting.shift()();
        else {
          charts = charts || live.filter((entry) => !entry.chart);
          if (charts.length === 0) return done();
          charts.shift().draw();
        }
        return setTimeout(next);
      };
      setTimeout(next);
    });
  };
  fc.dropCharts = () => {
    live.forEach((entry) => entry.chart && entry.chart.dispose());
    live = [];
  };
  // Sets aside what is drawn, and gives what brings it back.
  fc.setChartsAside = () => {
    const aside = live;
    live = [];
    return () => { fc.dropCharts(); live = aside; };
  };
  // Of elements that were taken out of the page.
  fc.forgetCharts = () => {
    live.filter((entry) => entry.element && !entry.element.isConnected).forEach((entry) => entry.chart && entry.chart.dispose());
    live = live.filter((entry) => !entry.element || entry.element.isConnected);
  };

  function base() {
    return {
      animation: false, backgroundColor: 'transparent',
      textStyle: { color: colour('--ink'), fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: {
        confine: true, backgroundColor: colour('--panel'), borderColor: colour('--line'),
        textStyle: { color: colour('--ink'), fontSize: 13 }, extraCssText: 'box-shadow:0 2px 8px #0003',
        // An element, not markup: names come from outside.
        formatter: (hit) => (hit.data && hit.data.tip ? tip(hit.data.tip) : ''),
      },
    };
  }
  function tip(lines) {
    return h('div', { class: 'tip' }, lines.map((line, i) => h('div', {}, i === 0 ? h('b', {}, line) : line)));
  }
  const axisStyle = () => ({
    axisLine: { lineStyle: { color: colour('--line') } }, axisTick: { lineStyle: { color: colour('--line') } },
    axisLabel: { color: colour('--soft') }, splitLine: { lineStyle: { color: colour('--hair') } },
    nameTextStyle: { color: colour('--soft') },
  });
  const axis = fc.axis = (option) => {
    const style = axisStyle();
    return Object.assign(style, option, { axisLabel: Object.assign(style.axisLabel, option.axisLabel) });
  };
  const names = fc.nameAxis = (runs) => axis({
    type: 'category', data: runs.map((run) => fc.cutName(run.name, 24)), inverse: true,
    axisTick: { show: false }, splitLine: { show: false },
    axisLabel: { color: colour('--ink'), width: window.innerWidth < 700 ? 120 : 170, overflow: 'truncate' },
  });

  // What the bars of runs can show: the value, its text, the axis.
  const pointOf = (run, list) => (run.view.main_point === null ? null : list[run.view.main_point]);
  const kBars = {
    time: { name: 'graph p50, µs (less is better)', value: (run) => run.timing.graph_us.p50, text: (run, wide) =>
      run.view.graph.p50 + (wide && run.view.limit.share ? '  (' + run.view.limit.share + ' of the limit)' : '') },
    limit: { name: 'share of the problem’s limit, % (more is better)', value: (run) => (run.limit.share === null ? null : 100 * run.limit.share),
      text: (run) => run.view.limit.share || '' },
    rate: { name: 'TFLOP/s (more is better)', value: (run) => { const point = pointOf(run, run.roofline.points); return point ? point.performance / 1e12 : null; },
      text: (run) => { const point = pointOf(run, run.view.roofline.points); return point ? point.performance : ''; } },
  };
  fc.phaseBars = function (runs, kind) {
    const timed = runs.filter((run) => run.view.graph), shown = kBars[kind];
    return (width) => ({
      grid: { left: 14, right: kind === 'time' && width > 560 ? 210 : 96, top: 12, bottom: 40, containLabel: true },
      xAxis: axis({ type: 'value', name: shown.name, nameLocation: 'middle', nameGap: 26 }),
      yAxis: names(timed),
      series: [{ type: 'bar', barMaxWidth: 22, data: timed.map((run) => ({
        value: shown.value(run), itemStyle: { color: fc.runColour(run.colour), borderRadius: [0, 3, 3, 0] },
        label: { show: true, position: 'right', formatter: () => shown.text(run, width > 560), color: colour('--ink') },
        tip: [fc.cut(run.name, 60), 'p50 ' + run.view.graph.p50 + ', p90 ' + run.view.graph.p90, run.view.speedup ? run.view.speedup + ' of ' + run.view.speedup_base : '',
          run.view.limit.share ? run.view.limit.share + ' of the limit ' + run.view.limit.ns : ''].filter(Boolean),
      })) }],
    });
  };

  // Every sample as its distance from its run's median: the spread, comparable between runs.
  fc.spreadChart = function (runs, kind) {
    const timed = runs.filter((run) => run.view.samples[kind].us.length > 0 && run.timing[kind + '_us']);
    return () => ({
      grid: { left: 8, right: 24, top: 14, bottom: 42, containLabel: true },
      xAxis: axis({ type: 'value', scale: true, name: 'distance from the run’s median, %', nameLocation: 'middle', nameGap: 26, axisLine: { show: false },
        axisLabel: { formatter: (v) => (v > 0 ? '+' : '') + v + ' %' } }),
      yAxis: axis({ type: 'value', min: -0.5, max: timed.length - 0.5, inverse: true, interval: 1, splitLine: { show: false }, axisLine: { show: false },
        axisLabel: { color: colour('--ink'), customValues: timed.map((_, i) => i), formatter: (v) => (timed[v] ? fc.cutName(timed[v].name, 24) : '') }, axisTick: { show: false } }),
      series: timed.map((run, row) => ({
        type: 'scatter', symbolSize: 5, itemStyle: { color: fc.runColour(run.colour), opacity: 0.55 },
        markLine: { silent: true, symbol: 'none', animation: false, label: { show: false }, lineStyle: { color: colour('--soft'), type: 'solid', width: 1 },
          data: [[{ coord: [0, row - 0.32] }, { coord: [0, row + 0.32] }]] },
        // A fixed scatter by index keeps points apart and the picture the same each time.
        data: run.view.samples[kind].us.map((us, i) => ({
          value: [100 * (us / run.timing[kind + '_us'].p50 - 1), row + (((i * 37) % 61) / 61 - 0.5) * 0.5],
          tip: [fc.cut(run.name, 60), 'sample ' + (1 + (run.view.samples[kind].at ? run.view.samples[kind].at[i] : i)) + ': ' + us.toPrecision(5) + ' µs'] })),
      })),
    });
  };
})(window.FlashCore);
