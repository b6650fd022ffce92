// Charts: ECharts drawings, each with a text alternative beside it. Colours come from the style sheet,
// so that the theme is said in one place.
'use strict';
(function (fc) {
  const { h } = fc;
  let live = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const kColours = 9;
  fc.runColour = (index) => colour('--p' + (index % kColours));
  const kSymbols = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];

  fc.hasCharts = typeof echarts !== 'undefined';
  fc.whyNoCharts = 'This report has no charts, for the FlashCore that wrote it was built without Apache ECharts; its tables hold the same runs. ' +
    'To get charts: run "npm ci" in reports/ of the sources, configure and build again, and write the report anew.';

  // build(width, height) gives the option anew: for a theme, a size, a choice.
  fc.chart = function (label, height, build) {
    if (!fc.hasCharts) return { element: h('div', { class: 'empty no-chart' }, 'A chart is missing here: ' + label), redraw: () => {} };
    const element = h('div', { class: 'chart', role: 'img', 'aria-label': label });
    element.style.height = height + 'px';
    const entry = { element, build, chart: null };
    entry.draw = () => {
      if (!element.isConnected) return;
      entry.chart = entry.chart || echarts.init(element, null, { renderer: 'canvas' });
      entry.chart.resize();
      entry.chart.setOption(Object.assign(base(), build(element.clientWidth, element.clientHeight)), true);
    };
    live.push(entry);
    return { element, redraw: entry.draw };
  };
  fc.drawCharts = () => live.forEach((entry) => entry.draw());
  fc.dropCharts = () => {
    live.forEach((entry) => entry.chart && entry.chart.dispose());
    live = [];
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
  const axis = (option) => {
    const style = axisStyle();
    return Object.assign(style, option, { axisLabel: Object.assign(style.axisLabel, option.axisLabel) });
  };
  const names = (runs) => axis({
    type: 'category', data: runs.map((run) => fc.cutName(run.name, 22)), inverse: true,
    axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: colour('--ink'), width: 120, overflow: 'truncate' },
  });

  // Bars of time or of throughput, one a run.
  fc.phaseBars = function (runs, kind) {
    const timed = runs.filter((run) => run.view.graph);
    const value = (run) => kind === 'time' ? run.timing.graph_us.p50
      : run.view.main_point === null ? null : run.roofline.points[run.view.main_point].performance / 1e12;
    const text = (run) => kind === 'time' ? run.view.graph.p50
      : run.view.main_point === null ? '' : run.view.roofline.points[run.view.main_point].performance;
    return () => ({
      grid: { left: 8, right: 92, top: 12, bottom: 40, containLabel: true },
      xAxis: axis({ type: 'value', name: kind === 'time' ? 'graph p50, µs (less is better)' : 'TFLOP/s (more is better)',
        nameLocation: 'middle', nameGap: 26 }),
      yAxis: names(timed),
      series: [{ type: 'bar', barMaxWidth: 22, data: timed.map((run) => ({
        value: value(run), itemStyle: { color: fc.runColour(run.colour), borderRadius: [0, 3, 3, 0] },
        label: { show: true, position: 'right', formatter: () => text(run), color: colour('--ink') },
        tip: [fc.cut(run.name, 60), 'p50 ' + run.view.graph.p50 + ', p90 ' + run.view.graph.p90, run.view.speedup ? run.view.speedup + ' of ' + run.view.speedup_base : ''],
      })) }],
    });
  };

  const decadeBelow = (value) => Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
  const decadeAbove = (value) => Math.pow(10, Math.ceil(Math.log10(value) - 1e-9));

  // The run whose ceilings are drawn: the fastest one's, else the first that has any.
  fc.roofOwner = (runs, fastest) => (fastest && fastest.roofline.ceilings.length ? fastest
    : runs.find((run) => run.roofline.ceilings.length > 0) || null);

  fc.rooflinePoints = (runs, memory) => runs.filter((run) => run.view.shown).flatMap((run) =>
    run.roofline.points.map((point, i) => ({ run, point, text: run.view.roofline.points[i] }))
      .filter((entry) => entry.point.memory === memory && entry.point.intensity > 0 && entry.point.performance > 0));

  function roofScene(runs, owner, memory, tensor) {
    const points = fc.rooflinePoints(runs, memory);
    const known = owner.roofline.ceilings.map((c, i) => ({ ...c, text: owner.view.roofline.ceilings[i] }))
      .filter((c) => c.value > 0);
    const computes = known.filter((c) => c.kind === 'compute' && c.unit === 'FLOP/s').sort((a, b) => b.value - a.value);
    const bandwidths = known.filter((c) => c.kind === 'bandwidth');
    const peak = (computes.find((c) => c.id === tensor) || computes[0] || { value: 1e15 }).value;
    const ridges = bandwidths.map((b) => peak / b.value);
    const xs = points.map((p) => p.point.intensity).concat(ridges, computes.length && ridges.length ? [Math.min(...ridges) / 20] : []);
    const ys = points.map((p) => p.point.performance).concat(computes.map((c) => c.value / 4));
    if (xs.length === 0 || ys.length === 0) return null;
    return {
      points, computes, bandwidths, peak,
      xMin: decadeBelow(Math.min(...xs)), xMax: decadeAbove(Math.max(...xs) * 1.5),
      yMin: decadeBelow(Math.min(...ys)), yMax: decadeAbove(peak * 1.2),
    };
  }

  const bandwidthEnds = (scene, b) => [Math.max(scene.xMin, scene.yMin / b.value), Math.min(scene.xMax, scene.peak / b.value)];
  // Near the line's start, where the bandwidths are apart and no compute ceiling is.
  function bandwidthLabelAt(scene, b, size) {
    const [x0, x1] = bandwidthEnds(scene, b);
    const decades = Math.log10(x1 / x0), pixels = size.width / Math.log10(scene.xMax / scene.xMin) * decades;
    return x0 * Math.pow(10, decades * Math.min(0.5, 64 / pixels));
  }

  // Without its details where the plot is narrow.
  const ceilingText = (ceiling, size) => (size.width < 420 ? ceiling.title.split(',')[0] : ceiling.title) + '  ' + ceiling.text;

  // The first side of each point where its name covers no other point and no other name.
  function labelPlaces(scene, size) {
    const pixel = (x, y) => [Math.log(x / scene.xMin) / Math.log(scene.xMax / scene.xMin) * size.width,
      size.height * (1 - Math.log(y / scene.yMin) / Math.log(scene.yMax / scene.yMin))];
    const at = scene.points.map(({ point }) => pixel(point.intensity, point.performance));
    const taken = at.map(([x, y]) => [x - 8, y - 8, x + 8, y + 8]);
    for (const b of scene.bandwidths) {
      const middle = bandwidthLabelAt(scene, b, size);
      const [x, y] = pixel(middle, middle * b.value);
      for (const step of [-30, -10, 10, 30]) taken.push([x + step - 12, y - step - 14, x + step + 6, y - step + 4]);
    }
    for (const c of scene.computes) {
      const y = pixel(scene.xMax, c.value)[1], wide = 6.8 * ceilingText(c, size).length;
      taken.push([size.width - 4 - wide, y - 18, size.width, y]);
    }
    const crosses = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    return scene.points.map(({ run }, i) => {
      const [x, y] = at[i], wide = 7.4 * fc.cutName(run.name, 18).length;
      const boxes = { right: [x + 12, y - 8, x + 12 + wide, y + 8], left: [x - 12 - wide, y - 8, x - 12, y + 8],
        top: [x - wide / 2, y - 28, x + wide / 2, y - 12], bottom: [x - wide / 2, y + 12, x + wide / 2, y + 28] };
      const inside = (box) => box[0] >= 0 && box[2] <= size.width && box[1] >= 0 && box[3] <= size.height;
      const sides = Object.keys(boxes).filter((name) => inside(boxes[name]));
      const place = sides.find((name) => !taken.some((other) => crosses(boxes[name], other))) || sides[0] || 'top';
      taken.push(boxes[place]);
      return place;
    });
  }

  function ceilingSeries(scene, memory, size) {
    const own = scene.bandwidths.find((b) => b.id === memory);
    const slope = Math.atan2(size.height / Math.log10(scene.yMax / scene.yMin),
      size.width / Math.log10(scene.xMax / scene.xMin)) * 180 / Math.PI;
    const line = (ceiling, from, to, main, label) => ({
      type: 'line', symbolSize: 0, symbol: 'circle', silent: true, z: 1,
      lineStyle: { color: colour('--ceiling'), width: main ? 2 : 1.2, type: main ? 'solid' : [5, 4], opacity: main ? 1 : 0.75 },
      data: [{ value: from }, label.at, { value: to }],
    });
    const text = (ceiling) => ceilingText(ceiling, size);
    const style = (main) => ({ show: true, color: main ? colour('--ink') : colour('--soft'), fontSize: 12,
      textBorderColor: colour('--panel'), textBorderWidth: 3 });
    const series = [];
    for (const c of scene.computes) {
      const main = c.value === scene.peak;
      const start = own ? Math.max(scene.xMin, c.value / own.value) : scene.xMin;
      if (start >= scene.xMax) continue;
      const at = { value: [scene.xMax, c.value], label: { ...style(main), position: [-4, -17], align: 'right', formatter: () => text(c) } };
      series.push(line(c, [start, c.value], [scene.xMax, c.value], main, { at }));
    }
    for (const b of scene.bandwidths) {
      const main = b === own;
      const [x0, x1] = bandwidthEnds(scene, b);
      if (x0 >= x1) continue;
      const middle = bandwidthLabelAt(scene, b, size);
      const at = { value: [middle, middle * b.value], label: { ...style(main), rotate: slope, position: 'top', distance: 4, formatter: () => text(b) } };
      series.push(line(b, [x0, x0 * b.value], [x1, x1 * b.value], main, { at }));
    }
    return series;
  }

  fc.rooflineChart = function (runs, owner, memory, tensor) {
    return (width, height) => {
      const scene = roofScene(runs, owner, memory, tensor);
      if (!scene) return { title: { text: 'No ceilings and no points', left: 'center', top: 'middle' } };
      const grid = { left: 74, right: 22, top: 24, bottom: 50 };
      const size = { width: width - grid.left - grid.right, height: height - grid.top - grid.bottom };
      const places = labelPlaces(scene, size);
      return {
        grid,
        xAxis: axis({ type: 'log', min: scene.xMin, max: scene.xMax, nameLocation: 'middle', nameGap: 30,
          name: 'arithmetic intensity, FLOP per ' + memory.toUpperCase() + ' byte', axisLabel: { formatter: (v) => fc.formatSi(v, '').trim() } }),
        yAxis: axis({ type: 'log', min: scene.yMin, max: scene.yMax, axisLabel: { formatter: (v) => fc.formatSi(v, 'FLOP/s') } }),
        series: ceilingSeries(scene, memory, size).concat(scene.points.map(({ run, point, text }, i) => ({
          type: 'scatter', z: 3, symbolSize: 13, symbol: kSymbols[run.colour % kSymbols.length],
          itemStyle: { color: fc.runColour(run.colour), borderColor: colour('--panel'), borderWidth: 1.5, opacity: 1 },
          label: { show: true, position: places[i], distance: 6, formatter: () => fc.cutName(run.name, 18), color: colour('--ink'),
            fontSize: 12, fontWeight: 600, textBorderColor: colour('--panel'), textBorderWidth: 3 },
          data: [{ value: [point.intensity, point.performance], tip: [fc.cut(run.name, 60), text.performance + ' at ' + text.intensity,
            text.fraction + ' of the attainable ' + text.attainable, point.bound + ' bound',
            text.bytes + ' of ' + memory.toUpperCase() + ' bytes (' + point.bytes_provenance + ')'] }],
        }))),
      };
    };
  };

  // The reasons that weigh most over all runs, in one order for all; the others together.
  fc.stallReasons = function (runs) {
    const weight = new Map();
    for (const run of runs) for (const s of run.view.stalls) {
      const known = weight.get(s.id) || { id: s.id, title: s.title, most: 0 };
      known.most = Math.max(known.most, s.value);
      weight.set(s.id, known);
    }
    const sorted = [...weight.values()].sort((a, b) => b.most - a.most);
    return { top: sorted.slice(0, kColours - 1), rest: sorted.slice(kColours - 1) };
  };

  fc.stallChart = function (runs) {
    const { top, rest } = fc.stallReasons(runs);
    const share = (run, id) => (run.view.stalls.find((s) => s.id === id) || { value: 0, text: '0 %' });
    return (width) => {
      const bar = (title, shade, data) => ({ type: 'bar', stack: 'stalls', name: title, barMaxWidth: 26,
        itemStyle: { color: shade, borderColor: colour('--panel'), borderWidth: 1 }, data,
        label: { show: true, color: colour('--on-bar'), textBorderWidth: 0, fontSize: 11.5,
          formatter: (hit) => (hit.value >= 9 && width > 500 ? Math.round(hit.value) + ' %' : '') } });
      const series = top.map((reason, i) => bar(reason.title, fc.runColour(i), runs.map((run) => {
        const s = share(run, reason.id);
        return { value: s.value, tip: [reason.title, s.text + ' of the warps’ time', fc.cut(run.name, 60)] };
      })));
      if (rest.length > 0) {
        series.push(bar('others', colour('--rest'), runs.map((run) => {
          const sum = rest.reduce((total, reason) => total + share(run, reason.id).value, 0);
          return { value: sum, tip: ['others: ' + rest.length + ' reasons', sum.toPrecision(3) + ' %', fc.cut(run.name, 60)] };
        })));
      }
      return {
        legend: { type: 'plain', top: 8, left: 8, right: 8, itemWidth: 11, itemHeight: 11, textStyle: { color: colour('--ink'), fontSize: 12.5 } },
        grid: { left: 8, right: 28, top: width > 900 ? 62 : width > 500 ? 84 : 104, bottom: 36, containLabel: true },
        xAxis: axis({ type: 'value', max: (v) => Math.max(100, Math.ceil(v.max - 0.5)), axisLabel: { formatter: (v) => v + ' %' } }),
        yAxis: names(runs), series,
      };
    };
  };

  // Every sample as its distance from its run's median: the spread, comparable between runs.
  fc.spreadChart = function (runs, kind) {
    const key = kind + '_samples_us';
    const timed = runs.filter((run) => run.view[key].length > 0 && run.timing[kind + '_us']);
    return () => ({
      grid: { left: 8, right: 24, top: 14, bottom: 42, containLabel: true },
      xAxis: axis({ type: 'value', scale: true, name: 'distance from the run’s median, %', nameLocation: 'middle', nameGap: 26, axisLine: { show: false },
        axisLabel: { formatter: (v) => (v > 0 ? '+' : '') + v + ' %' } }),
      yAxis: axis({ type: 'value', min: -0.5, max: timed.length - 0.5, inverse: true, interval: 1, splitLine: { show: false }, axisLine: { show: false },
        axisLabel: { color: colour('--ink'), customValues: timed.map((_, i) => i), formatter: (v) => (timed[v] ? fc.cutName(timed[v].name, 22) : '') }, axisTick: { show: false } }),
      series: timed.map((run, row) => ({
        type: 'scatter', symbolSize: 5, itemStyle: { color: fc.runColour(run.colour), opacity: 0.55 },
        markLine: { silent: true, symbol: 'none', animation: false, label: { show: false }, lineStyle: { color: colour('--soft'), type: 'solid', width: 1 },
          data: [[{ coord: [0, row - 0.32] }, { coord: [0, row + 0.32] }]] },
        // A fixed scatter by index keeps points apart and the picture the same each time.
        data: run.view[key].map((us, i) => ({
          value: [100 * (us / run.timing[kind + '_us'].p50 - 1), row + (((i * 37) % 61) / 61 - 0.5) * 0.5],
          tip: [fc.cut(run.name, 60), 'sample ' + (i + 1) + ': ' + us.toPrecision(5) + ' µs'] })),
      })),
    });
  };
})(window.FlashCore);
