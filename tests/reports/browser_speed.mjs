// The strip, the memory chart, the limit and the kernels: drawn by the page itself, with and without charts. browser_test.mjs runs these.
import assert from 'node:assert/strict';

export const speedTests = ({ open, expected, cells }) => ({
  async 'the strip shows every unit and marks the busiest'() {
    const page = await open('usual');
    const runs = expected('usual').runs;
    const rows = await cells(page, '#speed-table tbody tr');
    assert.equal(rows.length, 4);
    for (const [i, row] of rows.entries()) {
      assert.deepEqual(row.slice(1).map((text) => text.replace(' busiest', '')), runs[i].speed_of_light.bars.map((bar) => bar.share.text), 'every unit has its value');
      assert.equal(row.filter((text) => text.includes('busiest')).length, 1, 'one is named');
    }
    const bars = await page.$$eval('#strip-table tbody tr', (all) => all.map((row) => {
      const track = row.querySelector('.track').getBoundingClientRect(), fill = row.querySelector('.fill').getBoundingClientRect();
      return { unit: row.dataset.unit, share: fill.width / track.width, text: row.textContent };
    }));
    const fused = runs[2].speed_of_light.bars;
    assert.deepEqual(bars.map((bar) => bar.unit), fused.map((bar) => bar.id));
    for (const [i, bar] of bars.entries()) assert.ok(Math.abs(bar.share - fused[i].share.value / 100) < 0.01, bar.text + ' is drawn as ' + bar.share);
    assert.deepEqual(bars.filter((bar) => bar.text.includes('busiest')).map((bar) => bar.unit), [fused.find((bar) => bar.binding).id]);
    await page.check();
  },
  async 'the memory chart has a box and an arrow for each of its data, and nothing overlaps'() {
    for (const width of [1280, 800]) for (const scheme of ['light', 'dark']) {
      const page = await open('usual', { width, height: 900 }, scheme);
      const speed = expected('usual').runs[2].speed_of_light;
      const nodes = await page.$$eval('.memory [data-node]', (all) => all.map((node) => node.dataset.node));
      assert.deepEqual(nodes, speed.nodes.map((node) => node.id));
      const arrows = await page.$$eval('.memory [data-arrow]', (all) => all.map((arrow) => [arrow.dataset.arrow, [...arrow.querySelectorAll('text')].map((text) => text.textContent)]));
      for (const arrow of speed.arrows) {
        assert.ok(arrows.some(([ends, texts]) => ends === arrow.from + ' ' + arrow.to && texts[0] === arrow.title + ' ' + arrow.bytes.text && texts[1] === arrow.throughput.text), JSON.stringify(arrow));
      }
      const touching = await page.$$eval('.memory text', (all) => {
        const boxes = all.map((text) => [text.textContent, text.getBoundingClientRect()]);
        return boxes.flatMap(([name, a], i) => boxes.slice(i + 1).filter(([, b]) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 4 < b.bottom && b.top + 4 < a.bottom).map(([other]) => name + ' / ' + other));
      });
      assert.deepEqual(touching, [], width + ' ' + scheme);
      const outside = await page.$$eval('.memory [data-node]', (all) => all.flatMap((node) => {
        const box = node.querySelector('rect').getBoundingClientRect();
        return [...node.querySelectorAll('text')].filter((text) => { const t = text.getBoundingClientRect(); return t.left < box.left || t.right > box.right || t.top < box.top || t.bottom > box.bottom; }).map((text) => text.textContent);
      }));
      assert.deepEqual(outside, []);
      const widest = await page.$eval('.memory svg', (svg) => [svg.getAttribute('role'), svg.getAttribute('aria-label')]);
      assert.equal(widest[0], 'img');
      assert.match(widest[1], /L1 to SM: all loads [\d.]+ .?B at [\d.]+ .?B\/s/);
      assert.equal((await page.$$('#memory-table tbody tr')).length, speed.arrows.length + speed.nodes.length);
      await page.check();
      await page.close();
    }
  },
  async 'another run can be looked at'() {
    const page = await open('usual');
    const before = await page.textContent('#speed-run');
    await page.getByRole('group', { name: 'Run' }).getByRole('button', { name: 'baseline' }).click();
    assert.notEqual(await page.textContent('#speed-run'), before);
    assert.equal((await page.$$('.memory svg')).length, 1);
    await page.setViewportSize({ width: 820, height: 900 });
    await page.waitForFunction(() => document.querySelector('.memory svg').getBoundingClientRect().width < 820);
    await page.check();
  },
  async 'the limit is told with its terms, and which of them binds'() {
    const page = await open('usual');
    const run = expected('usual').runs[2];
    assert.match(await page.textContent('#speed-run .big'), new RegExp('^' + Number((100 * run.limit.share).toPrecision(3)) + ' % of the limit 566 ns, by products'));
    const rows = await cells(page, '#limit-table tbody tr');
    assert.equal(rows.length, 3);
    assert.match(rows[0][0], /products on the tensor cores.*binds/);
    assert.match(rows[2][3], /missing/);
    assert.match(await page.textContent('#phases .note'), /limit 566 ns by products on the tensor cores/);
    await page.check();
  },
  async 'the kernels of a launch are shown each by itself'() {
    const page = await open('kernels');
    const kernels = expected('kernels').runs[1].kernels;
    const rows = await page.$$eval('#share-table tbody tr', (all) => all.map((row) => ({ cells: [...row.children].map((cell) => cell.textContent),
      share: row.querySelector('.fill').getBoundingClientRect().width / row.querySelector('.track').getBoundingClientRect().width })));
    assert.deepEqual(rows.map((row) => row.cells[0]), kernels.map((kernel) => kernel.name));
    for (const [i, row] of rows.entries()) assert.ok(Math.abs(row.share - kernels[i].share) < 0.01);
    assert.deepEqual(rows.map((row) => row.cells[2]), ['6.10 µs', '9.80 µs', '2.60 µs']);
    assert.match((await cells(page, '#phase-table tbody tr'))[1][0], /3 kernels/);
    await page.check();
  },
  async 'cold caches stand beside warm ones and are not mixed with them'() {
    const page = await open('caches');
    const warm = await cells(page, '#phase-table tbody tr');
    assert.match(await page.textContent('#phases .note'), /warm caches/);
    await page.getByRole('button', { name: 'mission, cold caches' }).click();
    const cold = await cells(page, '#phase-table tbody tr');
    assert.equal(cold.length, 4);
    assert.equal(cold[0][4], '1.00×', 'compared with the cold baseline');
    assert.notEqual(cold[0][1], warm[0][1]);
    assert.match(await page.textContent('#phases .note'), /caches flushed before each launch/);
    assert.match(await page.textContent('#limit-table'), /least bytes from DRAM/);
    assert.equal((await page.$$('#cache-note')).length, 0);
    await page.check();
  },
  async 'an old recording says that its clock is nominal'() {
    const page = await open('old');
    assert.match(await page.textContent('#summary'), /SM clock 1980 MHz \(nominal\)/);
    assert.match(await page.textContent('#nominal'), /nominal: what the driver had set/);
    assert.match(await page.textContent('#roofline'), /1980 MHz, the nominal SM clock/);
    await page.check();
    const now = await open('usual');
    assert.match(await now.textContent('#summary'), /SM clock 175\d( to 175\d)? MHz \(effective\)/);
    assert.equal((await now.$$('#nominal')).length, 0);
    await now.check();
  },
  async 'what is missing of the strip and the chart says why'() {
    const page = await open('partial');
    const missing = await page.$$eval('.memory .missing-flow', (all) => all.map((path) => path.parentElement.querySelector('title').textContent));
    assert.ok(missing.length >= 1 && missing.every((title) => /the pass was lost/.test(title)), JSON.stringify(missing));
    assert.ok((await page.$$('.memory .missing-node')).length >= 1);
    assert.match(await page.textContent('#strip-table'), /missing/);
    assert.match(await page.textContent('#speed-run .reasons'), /the pass was lost/);
    await page.check();
    const refused = await open('no_counters');
    assert.match(await refused.textContent('#speed-run'), /Nothing is known of them: .*refuses/);
    assert.equal((await refused.$$('.memory')).length, 0);
    assert.match(await refused.textContent('#limit-table'), /566 ns/, 'the limit needs no counters');
    await refused.check();
    const wrong = await open('wrong');
    await wrong.getByRole('group', { name: 'Run' }).getByRole('button', { name: 'broken' }).click();
    assert.match(await wrong.textContent('#speed-run'), /WRONG.*no share: /s);
    await wrong.check();
  },
});
