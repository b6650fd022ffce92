// Reads the data block, which names what occurs again by its place (reports/page_pack.h tells the form).
'use strict';
(function (fc) {
  const kShortest = 4, kFewestMembers = 3;
  // Characters that turn the direction of writing or cannot be seen would change what stands beside them.
  const kHidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
  const shown = (text) => text.replace(kHidden, '\ufffd');

  fc.unpack = function (packed) {
    const texts = [], shapes = [], nodes = [];
    const text = (written) => {
      const mark = written[0];
      if (mark === '~' && written[1] !== '~') return texts[parseInt(written.slice(1), 36)];
      const original = mark === '~' ? written.slice(2) : written, clean = shown(original);
      if (original.length >= kShortest) texts.push(clean);
      return clean;
    };
    const read = (value) => {
      if (typeof value === 'string') return value[0] === '^' ? nodes[parseInt(value.slice(1), 36)] : text(value);
      if (!Array.isArray(value)) return value;
      let at = 1, out;
      if (value[0] < 0) {
        out = [];
        for (; at < value.length; ++at) out.push(read(value[at]));
        if (out.length >= kFewestMembers) nodes.push(out);
        return out;
      }
      if (value[0] === shapes.length) shapes.push(value[at++].map(shown));
      const keys = shapes[value[0]];
      out = {};
      for (const key of keys) {
        const member = read(value[at++]);
        // A key of a tag may be any text.
        if (key === '__proto__') Object.defineProperty(out, key, { value: member, enumerable: true });
        else out[key] = member;
      }
      if (keys.length >= kFewestMembers) nodes.push(out);
      return out;
    };
    return read(packed);
  };
})(window.FlashCore);
