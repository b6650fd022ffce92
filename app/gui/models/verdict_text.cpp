#include "app/gui/models/verdict_text.h"

#include <cmath>

#include "app/gui/models/text.h"

namespace flashcore::gui {

QString verdictText(const RunVerdict& verdict) {
  QString text = toText(analysis::word_of(verdict.verdict));
  const bool moved =
      verdict.verdict == analysis::Verdict::kFaster || verdict.verdict == analysis::Verdict::kSlower;
  if (moved && verdict.change) {
    text += QStringLiteral(" %1 %").arg(100 * std::abs(*verdict.change), 0, 'f', 1);
  }
  return text;
}

QColor verdictColour(analysis::Verdict verdict, const Theme& theme) {
  switch (verdict) {
    case analysis::Verdict::kFaster: return theme.good;
    case analysis::Verdict::kSlower: return theme.bad;
    case analysis::Verdict::kAmbiguous: return theme.warning;
    case analysis::Verdict::kSame: break;
  }
  return theme.muted;
}

}  // namespace flashcore::gui
