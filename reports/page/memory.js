// The memory chart: the SM, L1, shared memory, L2 and DRAM as boxes, what moved between them as arrows. Drawn
// from the strip's own data, as SVG of the page.
'use strict';
(function (fc) {
  const { h, s } = fc;
  const kSlot = 52, kMargin = 10, kBetween = 22, kLeastWidth = 680;

  // A node's column: one behind the nearest earlier node that it exchanges bytes with.
  function columnsOf(nodes, arrows) {
    const columns = new Map();
    nodes.forEach((node, i) => {
      const near = nodes.slice(0, i).filter((other) => arrows.some((a) => (a.from === node.id && a.to === other.id) || (a.to === node.id && a.from === other.id)));
      const behind = near.length ? Math.min(...near.map((other) => columns.get(other.id))) : Math.max(-1, ...columns.values());
      columns.set(node.id, behind + 1);
    });
    return columns;
  }

  // Arrows between the same two boxes stand together, the inner box first.
  function pairsOf(nodes, arrows, columns) {
    const order = new Map(nodes.map((node, i) => [node.id, i]));
    const pairs = new Map();
    for (const arrow of arrows) {
      if (!order.has(arrow.from) || !order.has(arrow.to) || arrow.from === arrow.to) continue;
      const [a, b] = [arrow.from, arrow.to].sort((x, y) => columns.get(x) - columns.get(y) || order.get(x) - order.get(y));
      const key = a + '\n' + b;
      if (!pairs.has(key)) pairs.set(key, { a, b, arrows: [] });
      pairs.get(key).arrows.push(arrow);
    }
    return [...pairs.values()];
  }

  // Boxes alone in their column are as high as the chart, so that arrows between neighbours run level.
  function layout(speed, width) {
    const columns = columnsOf(speed.nodes, speed.arrows), pairs = pairsOf(speed.nodes, speed.arrows, columns);
    const count = 1 + Math.max(...columns.values());
    const boxWidth = Math.max(84, Math.min(132, width * 0.115)), step = count > 1 ? (width - 2 * kMargin - boxWidth) / (count - 1) : 0;
    const inColumn = (c) => speed.nodes.filter((node) => columns.get(node.id) === c);
    const alone = (id) => inColumn(columns.get(id)).length === 1;
    const slots = (id, side) => pairs.filter((pair) => (side < 0 ? pair.b : pair.a) === id).reduce((sum, pair) => sum + pair.arrows.length, 0);
    const least = (id) => Math.max(104, kSlot * Math.max(slots(id, -1), slots(id, 1)) + 12);
    // Arrows that pass a column of several boxes have a lane below them.
    const lanes = pairs.filter((pair) => columns.get(pair.b) - columns.get(pair.a) > 1);
    let height = 0;
    for (let c = 0; c < count; ++c) height = Math.max(height, inColumn(c).reduce((sum, node) => sum + least(node.id) + kBetween, -kBetween));
    const laneTop = kMargin + height;
    height += lanes.reduce((sum, pair) => sum + kSlot * pair.arrows.length, 0);
    const boxes = new Map();
    for (let c = 0; c < count; ++c) {
      const members = inColumn(c), spare = (laneTop - kMargin - members.reduce((sum, node) => sum + least(node.id) + kBetween, -kBetween)) / members.length;
      let top = kMargin;
      for (const node of members) {
        const high = members.length === 1 ? height : least(node.id) + spare;
        boxes.set(node.id, { x: kMargin + c * step, y: top, width: boxWidth, height: high });
        top += high + kBetween;
      }
    }
    return { boxes, pairs, lanes, alone, laneTop, height: height + 2 * kMargin, width };
  }

  // The level of each arrow of a pair at its two boxes.
  function levels(plan) {
    const out = [], used = new Map();
    let lane = plan.laneTop;
    const centred = (id, side, n) => {
      const box = plan.boxes.get(id), all = plan.pairs.filter((pair) => !plan.lanes.includes(pair) && (side < 0 ? pair.b : pair.a) === id).reduce((sum, pair) => sum + pair.arrows.length, 0);
      const key = id + '\n' + side, from = used.get(key) || 0;
      used.set(key, from + n);
      return Array.from({ length: n }, (_, i) => box.y + box.height / 2 + kSlot * (from + i + 0.5 - all / 2));
    };
    for (const pair of plan.pairs) {
      const n = pair.arrows.length, a = plan.boxes.get(pair.a), b = plan.boxes.get(pair.b);
      let left, right;
      if (plan.lanes.includes(pair)) {
        left = right = Array.from({ length: n }, (_, i) => lane + kSlot * (i + 0.5));
        lane += kSlot * n;
      } else if (plan.alone(pair.a) && !plan.alone(pair.b)) {
        left = right = centred(pair.b, -1, n);
      } else if (plan.alone(pair.b) || plan.alone(pair.a)) {
        left = right = centred(pair.a, 1, n);
      } else {
        left = centred(pair.a, 1, n);
        right = centred(pair.b, -1, n);
      }
      pair.arrows.forEach((arrow, i) => out.push({ arrow, inward: arrow.from === pair.b, from: [a.x + a.width, left[i]], to: [b.x, right[i]] }));
    }
    return out;
  }

  const reasonOf = (shown) => (shown && shown.value === null ? fc.cause(shown.reason) : null);

  // The heavier, the more bytes; a head of fixed size where it ends.
  function arrowPath(from, to, weight) {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]), u = [(to[0] - from[0]) / length, (to[1] - from[1]) / length], n = [-u[1], u[0]];
    const head = Math.max(9, weight * 1.4), half = weight / 2, wing = Math.max(5, weight * 0.9);
    const at = (along, aside) => (from[0] + u[0] * along + n[0] * aside).toFixed(1) + ' ' + (from[1] + u[1] * along + n[1] * aside).toFixed(1);
    return 'M' + at(0, -half) + 'L' + at(length - head, -half) + 'L' + at(length - head, -wing) + 'L' + at(length, 0) + 'L' + at(length - head, wing) + 'L' + at(length - head, half) + 'L' + at(0, half) + 'Z';
  }

  function drawArrow({ arrow, inward, from, to }, most) {
    const { bytes, throughput } = arrow, value = bytes ? bytes.value : null;
    const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], room = Math.abs(to[0] - from[0]) - 12;
    const start = [from[0] + 3, from[1]], end = [to[0] - 3, to[1]], [tail, tip] = inward ? [end, start] : [start, end];
    const reason = reasonOf(bytes) || reasonOf(throughput);
    const text = (y, className, words) => (words ? s('text', { x: middle[0], y, class: className, 'data-room': room }, words) : null);
    const body = value === null
      ? s('path', { class: 'flow missing-flow', d: 'M' + tail.join(' ') + 'L' + tip.join(' ') })
      : s('path', { class: value === 0 ? 'flow idle' : 'flow', d: arrowPath(tail, tip, value > 0 && most > 0 ? 2 + 8 * Math.sqrt(Math.min(1, value / most)) : 1.5) });
    const word = arrow.title + (bytes ? ' ' + bytes.text : '');
    return s('g', { 'data-arrow': arrow.from + ' ' + arrow.to }, s('title', {}, arrow.from + ' to ' + arrow.to + ', ' + word + (throughput ? ' at ' + throughput.text : '') + (reason ? ': ' + reason : '')),
      body, text(middle[1] - 10, 'moved', word), text(middle[1] + 19, 'pace', throughput && throughput.value !== null ? throughput.text : null));
  }

  function drawNode(node, box) {
    const lines = [['name', node.title]];
    if (node.hit_rate) lines.push(['what', 'hit rate'], [node.hit_rate.value === null ? 'none' : 'value', node.hit_rate.text]);
    if (node.share) lines.push(['what', 'of its peak'], [node.share.value === null ? 'none' : 'value', node.share.text]);
    const why = [reasonOf(node.hit_rate), reasonOf(node.share)].filter(Boolean);
    const middle = box.x + box.width / 2, top = box.y + box.height / 2 - 8.5 * (lines.length - 1) + 5;
    const share = node.share && node.share.value !== null ? Math.max(0, Math.min(100, node.share.value)) : null;
    return s('g', { 'data-node': node.id }, why.length ? s('title', {}, node.title + ': ' + why.join('; ')) : null,
      s('rect', { class: why.length ? 'node missing-node' : 'node', x: box.x, y: box.y, width: box.width, height: box.height, rx: 6 }),
      // Filled from below by the share of its peak; the number is written too.
      share === null ? null : s('rect', { class: 'level', x: box.x + 1, y: box.y + 1 + (box.height - 2) * (1 - share / 100), width: box.width - 2, height: (box.height - 2) * share / 100, rx: 5 }),
      lines.map(([kind, words], i) => s('text', { x: middle, y: top + 17 * i, class: 'node-' + kind, 'data-room': box.width - 8 }, words)));
  }

  const shownText = (shown) => (shown === null ? '' : shown.text);
  function words(speed) {
    const titles = new Map(speed.nodes.map((node) => [node.id, node.title]));
    const nodes = speed.nodes.filter((node) => node.hit_rate || node.share).map((node) => node.title + (node.hit_rate ? ' hit rate ' + node.hit_rate.text : '') + (node.share ? ', ' + node.share.text + ' of its peak' : ''));
    return 'Memory chart. ' + speed.arrows.map((a) => titles.get(a.from) + ' to ' + titles.get(a.to) + ': ' + a.title + ' ' + shownText(a.bytes) + (a.throughput ? ' at ' + a.throughput.text : '')).concat(nodes).join('; ') + '.';
  }

  function table(speed) {
    const titles = new Map(speed.nodes.map((node) => [node.id, node.title])), reasons = new fc.Reasons();
    const cell = (shown) => h('td', {}, shown === null ? '–' : shown.value === null ? reasons.mark(shown.reason) : shown.text);
    const arrows = speed.arrows.map((a) => h('tr', {}, h('th', { scope: 'row' }, (titles.get(a.from) || a.from) + ' → ' + (titles.get(a.to) || a.to) + ', ' + a.title), cell(a.bytes), cell(a.throughput), h('td', {}, '–'), h('td', {}, '–')));
    const nodes = speed.nodes.filter((node) => node.hit_rate || node.share).map((node) => h('tr', {}, h('th', { scope: 'row' }, node.title), h('td', {}, '–'), h('td', {}, '–'), cell(node.hit_rate), cell(node.share)));
    return h('details', {}, h('summary', {}, 'The memory chart as a table'), fc.scroll('Memory chart', h('table', { id: 'memory-table' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'text' }, 'between, or in'), ['bytes a launch', 'throughput', 'hit rate', 'of its peak'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, arrows, nodes))), reasons.notes());
  }

  // Text that its place does not hold is written smaller.
  function fitTexts(svg) {
    for (const text of svg.querySelectorAll('text[data-room]')) {
      const room = Number(text.dataset.room), wide = text.getComputedTextLength();
      if (wide > room) text.style.fontSize = Math.max(8.5, parseFloat(getComputedStyle(text).fontSize) * room / wide) + 'px';
    }
  }

  fc.memoryCard = function (run) {
    const speed = run.speed_of_light;
    if (speed.reason || speed.nodes.length === 0 || speed.arrows.length === 0) return null;
    const frame = h('div', { class: 'memory' });
    const draw = () => {
      if (!frame.isConnected) return;
      const plan = layout(speed, fc.onPaper ? kLeastWidth : Math.max(kLeastWidth, frame.clientWidth || kLeastWidth));
      const most = Math.max(0, ...speed.arrows.map((a) => (a.bytes && a.bytes.value) || 0));
      const svg = s('svg', { role: 'img', 'aria-label': words(speed), width: plan.width, height: plan.height, viewBox: '0 0 ' + plan.width + ' ' + plan.height },
        levels(plan).map((level) => drawArrow(level, most)), speed.nodes.map((node) => drawNode(node, plan.boxes.get(node.id))));
      frame.replaceChildren(svg);
      fitTexts(svg);
    };
    fc.keepDrawn({ draw, element: frame });
    const missing = speed.arrows.some((a) => reasonOf(a.bytes)) || speed.nodes.some((n) => reasonOf(n.hit_rate) || reasonOf(n.share));
    return h('div', { class: 'card wide-card' }, h('h3', {}, 'Memory chart'),
      h('p', { class: 'note' }, 'What a launch moved between the memories. The more bytes, the thicker the arrow; a box is filled by the share of its own peak.' + (missing ? ' Dashed: not known, its tip says why.' : '') + (speed.pass_note ? ' Throughputs are those of the ' + speed.pass_note + '.' : '')),
      fc.scroll('Memory chart, drawn', frame, 'drawn'), table(speed));
  };
})(window.FlashCore);
