#include "app/gui/models/theme.h"

namespace flashcore::gui {
namespace {

QColor between(const QColor& a, const QColor& b, double t) {
  return QColor::fromRgbF(static_cast<float>(a.redF() * (1 - t) + b.redF() * t),
                          static_cast<float>(a.greenF() * (1 - t) + b.greenF() * t),
                          static_cast<float>(a.blueF() * (1 - t) + b.blueF() * t));
}

QPalette paletteOf(const QColor& window, const QColor& base, const QColor& text, const QColor& highlight,
                   const QColor& link) {
  QPalette p;
  p.setColor(QPalette::Window, window);
  p.setColor(QPalette::WindowText, text);
  p.setColor(QPalette::Base, base);
  p.setColor(QPalette::AlternateBase, between(base, window, 0.6));
  p.setColor(QPalette::ToolTipBase, base);
  p.setColor(QPalette::ToolTipText, text);
  p.setColor(QPalette::Text, text);
  p.setColor(QPalette::Button, window);
  p.setColor(QPalette::ButtonText, text);
  p.setColor(QPalette::BrightText, Qt::white);
  p.setColor(QPalette::Highlight, highlight);
  p.setColor(QPalette::HighlightedText, Qt::white);
  p.setColor(QPalette::Link, link);
  p.setColor(QPalette::Light, between(window, Qt::white, window.lightnessF() < 0.5 ? 0.12 : 0.8));
  p.setColor(QPalette::Midlight, between(window, Qt::white, window.lightnessF() < 0.5 ? 0.06 : 0.5));
  p.setColor(QPalette::Mid, between(window, Qt::black, 0.25));
  p.setColor(QPalette::Dark, between(window, Qt::black, 0.4));
  p.setColor(QPalette::Shadow, Qt::black);
  p.setColor(QPalette::PlaceholderText, between(text, base, 0.45));
  const QColor off = between(text, window, 0.5);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    p.setColor(QPalette::Disabled, role, off);
  }
  p.setColor(QPalette::Disabled, QPalette::Highlight, between(window, text, 0.3));
  return p;
}

}  // namespace

Theme themeOf(const QPalette& palette) {
  Theme t;
  t.base = palette.color(QPalette::Active, QPalette::Base);
  t.text = palette.color(QPalette::Active, QPalette::Text);
  t.dark = t.base.lightnessF() < t.text.lightnessF();
  t.muted = between(t.text, t.base, t.dark ? 0.35 : 0.38);
  t.grid = between(t.base, t.text, t.dark ? 0.16 : 0.11);
  if (t.dark) {
    t.ladder = QColor(0x6c, 0xa6, 0xff);
    t.reference = QColor(0xc7, 0x9b, 0xf0);
    t.selected = QColor(0xff, 0xc8, 0x57);
    t.compute = QColor(0xff, 0x9d, 0x76);
    t.bandwidth = QColor(0x4f, 0xd1, 0xb5);
    t.busiest = QColor(0xff, 0x9d, 0x76);
    t.good = QColor(0x63, 0xd4, 0x83);
    t.warning = QColor(0xf2, 0xb8, 0x4b);
    t.bad = QColor(0xff, 0x85, 0x7a);
    t.recording = QColor(0xf2, 0xb8, 0x4b);
    t.recordingText = QColor(0x24, 0x1a, 0x05);
  } else {
    t.ladder = QColor(0x25, 0x63, 0xc9);
    t.reference = QColor(0x7c, 0x4d, 0xb0);
    t.selected = QColor(0xe0, 0x7b, 0x00);
    t.compute = QColor(0xb4, 0x45, 0x14);
    t.bandwidth = QColor(0x0b, 0x76, 0x62);
    t.busiest = QColor(0xb4, 0x45, 0x14);
    t.good = QColor(0x1b, 0x7a, 0x37);
    t.warning = QColor(0x8f, 0x5a, 0x00);
    t.bad = QColor(0xb8, 0x25, 0x1c);
    t.recording = QColor(0x8f, 0x5a, 0x00);
    t.recordingText = Qt::white;
  }
  return t;
}

QPalette darkPalette() {
  return paletteOf(QColor(0x26, 0x28, 0x2d), QColor(0x1b, 0x1d, 0x21), QColor(0xe6, 0xe8, 0xec),
                   QColor(0x2f, 0x62, 0xb8), QColor(0x8a, 0xb8, 0xff));
}

QPalette lightPalette() {
  return paletteOf(QColor(0xf2, 0xf3, 0xf5), QColor(0xff, 0xff, 0xff), QColor(0x1d, 0x20, 0x26),
                   QColor(0x2f, 0x6a, 0xc8), QColor(0x1d, 0x55, 0xb0));
}

}  // namespace flashcore::gui
