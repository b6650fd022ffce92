#include "app/gui/models/headline_text.h"

#include <QCoreApplication>
#include <QStringList>
#include <cmath>

#include "analysis/units.h"
#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("flashcore::gui::HeadlineText", text);
}

QString duration(double ns) {
  return toText(analysis::format_duration_ns(ns));
}

}  // namespace

QString limitText(const analysis::ProblemLimit& limit) {
  if (!limit.ns) return {};
  QStringList titles;
  for (const auto& term : limit.terms) {
    if (limit.binds(term)) titles << oneLine(term.title, 60);
  }
  const QString by = tr("limit %1, by %2").arg(duration(*limit.ns), titles.join(tr(" and ")));
  if (!limit.share) return by;
  return tr("%1 of the %2").arg(toText(analysis::format_value(*limit.share * 100, "%")), by);
}

QString limitTip(const analysis::ProblemLimit& limit) {
  QStringList lines;
  if (limit.ns) lines << tr("The least time that this problem allows on this device at this run's clock:");
  for (const auto& term : limit.terms) {
    const QString title = oneLine(term.title, 60);
    if (!term.ns) {
      lines << tr("%1: missing, %2").arg(title, oneLine(term.missing, 300));
      continue;
    }
    lines << tr("%1: %2%3 (%4 at %5)")
                 .arg(title, duration(*term.ns), limit.binds(term) ? tr(", binds") : QString(),
                      toText(analysis::format_value(term.work, term.unit)), oneLine(term.source, 300));
  }
  if (!limit.missing.empty()) lines << oneLine(limit.missing, 300);
  return lines.join(QLatin1Char('\n'));
}

QString floorText(const analysis::RunAnalysis& run) {
  if (!run.floor_matters()) return {};
  const QString where = run.run.origin == core::Origin::kLive ? tr("here") : tr("where this was recorded");
  return tr("an empty kernel takes %1 %2").arg(duration(*run.floor_ns), where);
}

QString kernelText(const analysis::KernelShare& kernel) {
  const QString name = kernel.kernel.name.empty() ? tr("kernel %1").arg(kernel.kernel.ordinal)
                                                  : oneLine(kernel.kernel.name, 120);
  if (!kernel.ns) return tr("%1: missing, %2").arg(name, oneLine(kernel.note, 200));
  if (!kernel.share) return tr("%1: %2 (%3)").arg(name, duration(*kernel.ns), oneLine(kernel.note, 200));
  return tr("%1: %2, %3")
      .arg(name, toText(analysis::format_value(*kernel.share * 100, "%")), duration(*kernel.ns));
}

QString percentText(const analysis::ShownValue& share) {
  if (!share.value || !std::isfinite(*share.value)) return tr("missing");
  if (*share.value > 0 && *share.value < 0.05) return tr("<0.1 %");  // a zero would be another thing
  return QStringLiteral("%1 %").arg(*share.value, 0, 'f', *share.value < 9.95 ? 1 : 0);
}

QString unitText(const analysis::SpeedBar& bar) {
  const QString title = oneLine(bar.title, 40);
  if (!bar.share.value) return tr("%1: missing").arg(title);
  const QString text = tr("%1: %2 of its own peak").arg(title, oneLine(bar.share.text, 40));
  return bar.binding ? tr("%1, the busiest unit").arg(text) : text;
}

QString noteText(const analysis::ShownValue& value) {
  if (value.value) return oneLine(value.note, 300);
  return value.note.empty() ? tr("the catalogue has no metric for it") : oneLine(value.note, 400);
}

}  // namespace flashcore::gui
