// The roofline: ceilings, points and their names, none of which touches another. Drawn by ECharts.
'use strict';
(function (fc) {
  const { colour, axis } = fc;
  const kSymbols = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];
  const kNameLength = 24;

  const shownName = (run) => fc.cutName(run.name, run.ghost === undefined ? kNameLength : 2 * kNameLength);

  // A name that stands above or below its point has an arrow of its colour; braces would be the drawing library's marks there.
  function named(run, moved) {
    const name = shownName(run);
    return moved ? '{arrow|' + (moved < 0 ? '\u2193' : '\u2191') + '} ' + name.replace(/[{}]/g, ' ') : name;
  }

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

  // Boxes are [left, top, right, bottom] in pixels of the plot. Nothing that is placed touches what is there.
  const crosses = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
  const free = (boxes, taken) => !boxes.some((box) => taken.some((other) => crosses(box, other)));

  function pixels(scene, size) {
    const across = size.width / Math.log(scene.xMax / scene.xMin), down = size.height / Math.log(scene.yMax / scene.yMin);
    return {
      at: (x, y) => [Math.log(x / scene.xMin) * across, size.height - Math.log(y / scene.yMin) * down],
      xOf: (left) => scene.xMin * Math.exp(left / across),
      slope: Math.atan2(down, across),
    };
  }

  // Without its details where the plot is narrow.
  const ceilingText = (ceiling, size) => (size.width < 420 ? ceiling.title.split(',')[0] : ceiling.title) + '  ' + ceiling.text;
  const textWidth = (text) => 6.6 * text.length;

  // A compute ceiling's label stands above its line or below it, at the right end or further left.
  function placeCompute(c, scene, size, map, taken) {
    const wide = textWidth(ceilingText(c, size)), y = map.at(scene.xMax, c.value)[1];
    for (let right = size.width - 4; right - wide > 0; right -= 24) {
      for (const above of [true, false]) {
        const box = above ? [right - wide, y - 18, right, y - 1] : [right - wide, y + 1, right, y + 18];
        if (box[3] > size.height || box[1] < -20 || !free([box], taken)) continue;
        taken.push(box);
        return { right, above };
      }
    }
    return null;
  }

  // A bandwidth's label runs along its line, above it or below it: small boxes stand for the text on its slope.
  function placeBandwidth(b, scene, size, map, taken) {
    const [x0, x1] = bandwidthEnds(scene, b);
    const from = map.at(x0, x0 * b.value), to = map.at(x1, x1 * b.value);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]), wide = textWidth(ceilingText(b, size));
    const cos = Math.cos(map.slope), sin = Math.sin(map.slope);
    for (let middle = wide / 2 + 8; middle + wide / 2 + 4 < length; middle += 14) {
      for (const above of [true, false]) {
        const away = above ? -11 : 11, boxes = [];
        for (let t = -wide / 2; t <= wide / 2; t += 8) {
          const x = from[0] + (middle + t) * cos - away * -sin, y = from[1] - (middle + t) * sin + away * cos;
          boxes.push([x - 7, y - 7, x + 7, y + 7]);
        }
        if (!free(boxes, taken)) continue;
        taken.push(...boxes);
        return { x: x0 * Math.exp(Math.log(x1 / x0) * middle / length), above };
      }
    }
    return null;
  }

  function placeLabels(scene, size) {
    const map = pixels(scene, size), taken = [];
    const at = scene.points.map(({ point }) => map.at(point.intensity, point.performance));
    for (const [x, y] of at) taken.push([x - 9, y - 9, x + 9, y + 9]);
    const computes = new Map(scene.computes.map((c) => [c.id, placeCompute(c, scene, size, map, taken)]));
    const bandwidths = new Map(scene.bandwidths.map((b) => [b.id, placeBandwidth(b, scene, size, map, taken)]));
    // A name may lie on a line where there is no other room, but never on another name.
    const lines = scene.computes.map((c) => [0, map.at(scene.xMax, c.value)[1] - 2, size.width, map.at(scene.xMax, c.value)[1] + 2]);
    // A point that has no room for its name goes without: the tip and the table tell it.
    const sides = scene.points.map(({ run }, i) => {
      if (run.ghost) return null;
      const [x, y] = at[i], wide = 7.6 * shownName(run).length;
      const boxes = { right: [x + 12, y - 8, x + 12 + wide, y + 8], left: [x - 12 - wide, y - 8, x - 12, y + 8],
        top: [x - wide / 2, y - 28, x + wide / 2, y - 12], bottom: [x - wide / 2, y + 12, x + wide / 2, y + 28] };
      const inside = (box) => box[0] >= 0 && box[2] <= size.width && box[1] >= 0 && box[3] <= size.height;
      // Points of nearly the same rate stand on each other: then a name moves up or down, with an arrow of its point's colour.
      const places = Object.entries(boxes).map(([side, box]) => ({ side, box, moved: 0 }));
      for (const moved of [-18, 18, -36, 36, -54, 54, -72, 72]) {
        for (const side of ['right', 'left']) {
          const [left, top, right, bottom] = boxes[side];
          places.push({ side, moved, box: side === 'right' ? [left, top + moved, right + 14, bottom + moved] : [left - 14, top + moved, right, bottom + moved] });
        }
      }
      const known = places.filter(({ box }) => inside(box));
      const place = known.find(({ moved, box }) => moved === 0 && free([box], taken.concat(lines))) || known.find(({ box }) => free([box], taken)) || null;
      if (place) taken.push(place.box);
      return place;
    });
    return { map, computes, bandwidths, sides };
  }

  // Solid: a limit. Dashed: a definition, or one kind of instruction below another.
  function ceilingSeries(scene, memory, size, places) {
    const own = scene.bandwidths.find((b) => b.id === memory);
    const style = (main) => ({ show: true, color: main ? colour('--ink') : colour('--soft'), fontSize: 12,
      textBorderColor: colour('--panel'), textBorderWidth: 3 });
    const line = (ceiling, from, to, main, label) => ({
      type: 'line', symbolSize: 0, symbol: 'circle', silent: true, z: 1,
      lineStyle: { color: colour('--ceiling'), width: main ? 2.2 : 1.3, type: ceiling.limit ? 'solid' : [5, 4], opacity: main ? 1 : 0.75 },
      data: [{ value: from }, label, { value: to }].filter(Boolean),
    });
    const series = [];
    for (const c of scene.computes) {
      const main = c.value === scene.peak, place = places.computes.get(c.id);
      const start = own ? Math.max(scene.xMin, c.value / own.value) : scene.xMin;
      if (start >= scene.xMax) continue;
      const right = place ? Math.min(scene.xMax, places.map.xOf(place.right)) : scene.xMax;
      const at = place && { value: [Math.max(right, start), c.value], label: { ...style(main), position: [0, place.above ? -17 : 6], align: 'right', formatter: () => ceilingText(c, size) } };
      series.push(line(c, [start, c.value], [scene.xMax, c.value], main, at));
    }
    for (const b of scene.bandwidths) {
      const main = b === own, place = places.bandwidths.get(b.id);
      const [x0, x1] = bandwidthEnds(scene, b);
      if (x0 >= x1) continue;
      const at = place && { value: [place.x, place.x * b.value], label: { ...style(main), rotate: places.map.slope * 180 / Math.PI,
        position: place.above ? 'top' : 'bottom', distance: 4, formatter: () => ceilingText(b, size) } };
      series.push(line(b, [x0, x0 * b.value], [x1, x1 * b.value], main, at));
    }
    return series;
  }

  const nameOf = (run, place) => (place === null ? {} : { label: { show: true, position: place.side, distance: 6, offset: [0, place.moved], formatter: () => named(run, place.moved),
    rich: { arrow: { color: fc.runColour(run.colour), fontSize: 13, fontWeight: 700 } }, color: colour('--ink'),
    fontSize: 12, fontWeight: 600, textBorderColor: colour('--panel'), textBorderWidth: 3 } });

  const tipOf = ({ run, point, text }, memory) => text.tip || [fc.cut(run.name, 60), text.performance + ' at ' + text.intensity,
    ...(point.bound === null ? ['its ceiling is a definition and no limit'] : [text.fraction + ' of the attainable ' + text.attainable, point.bound + ' bound']),
    text.bytes + ' of ' + memory.toUpperCase() + ' bytes (' + point.bytes_provenance + ')'];

  // Points that look the same are one series: hundreds of series take seconds to draw.
  function pointSeries(scene, memory, places) {
    const series = new Map();
    scene.points.forEach((entry, i) => {
      const { run, point } = entry, shade = fc.runColour(run.colour), symbol = kSymbols[run.colour % kSymbols.length], key = shade + symbol + Boolean(run.ghost);
      if (!series.has(key)) {
        series.set(key, { type: 'scatter', z: 3, symbolSize: 13, symbol, data: [], itemStyle: run.ghost ? { color: colour('--panel'), borderColor: shade, borderWidth: 2, opacity: 1 }
          : { color: shade, borderColor: colour('--panel'), borderWidth: 1.5, opacity: 1 } });
      }
      series.get(key).data.push({ value: [point.intensity, point.performance], tip: tipOf(entry, memory), ...nameOf(run, places.sides[i]) });
    });
    return [...series.values()];
  }

  // From where a point was to where it is.
  const arrowSeries = (arrows) => ({ type: 'scatter', z: 2, silent: true, data: [], markLine: { silent: true, animation: false, symbolSize: 11, label: { show: false },
    data: arrows.map(({ from, to, colour: index }) => [{ coord: from, symbol: 'none', lineStyle: { color: fc.runColour(index), width: 2, type: 'solid' } }, { coord: to, symbol: 'arrow' }]) } });

  fc.rooflineChart = function (runs, owner, memory, tensor, arrows = []) {
    return (width, height) => {
      const scene = roofScene(runs, owner, memory, tensor);
      if (!scene) return { title: { text: 'No ceilings and no points', left: 'center', top: 'middle' } };
      const grid = { left: 74, right: 22, top: 24, bottom: 50 };
      const size = { width: width - grid.left - grid.right, height: height - grid.top - grid.bottom };
      const places = placeLabels(scene, size);
      return {
        grid,
        xAxis: axis({ type: 'log', min: scene.xMin, max: scene.xMax, nameLocation: 'middle', nameGap: 30,
          name: (width < 500 ? '' : 'arithmetic intensity, ') + 'FLOP per ' + memory.toUpperCase() + ' byte', axisLabel: { formatter: (v) => fc.formatSi(v, '').trim() } }),
        yAxis: axis({ type: 'log', min: scene.yMin, max: scene.yMax, axisLabel: { formatter: (v) => fc.formatSi(v, 'FLOP/s') } }),
        series: ceilingSeries(scene, memory, size, places).concat(arrows.length ? [arrowSeries(arrows)] : [], pointSeries(scene, memory, places)),
      };
    };
  };
})(window.FlashCore);
