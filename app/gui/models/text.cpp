#include "app/gui/models/text.h"

#include <QDateTime>

namespace flashcore::gui {

QString toText(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

QString oneLine(const QString& text, qsizetype limit) {
  // Cut before looking at each character: a tag of megabytes must not cost a frame.
  QString line = text.left(limit + 1);
  for (QChar& c : line) {
    const auto category = c.category();
    if (category == QChar::Other_Control || category == QChar::Other_Format ||
        category == QChar::Separator_Line || category == QChar::Separator_Paragraph) {
      c = QLatin1Char(' ');
    }
  }
  if (line.size() > limit) line = line.left(limit - 1) + QChar(0x2026);
  return line;
}

QString oneLine(std::string_view utf8, qsizetype limit) {
  // Four bytes are the longest UTF-8 sequence.
  return oneLine(toText(utf8.substr(0, static_cast<std::size_t>(limit + 2) * 4)), limit);
}

QString countOf(qsizetype count, const char* one, const char* many) {
  return QStringLiteral("%1 %2").arg(count).arg(QLatin1String(count == 1 ? one : many));
}

QString plainToolTip(const QString& plain) {
  if (plain.isEmpty()) return {};
  const qsizetype limit = 2000;
  const QString shown = plain.size() > limit ? plain.left(limit) + QChar(0x2026) : plain;
  return QStringLiteral("<p style=\"white-space:pre-line\">%1</p>").arg(shown.toHtmlEscaped());
}

QString shortTime(std::string_view utc) {
  const QString text = oneLine(utc, 40);
  const QDateTime time = QDateTime::fromString(text, Qt::ISODate);
  return time.isValid() ? time.toString(QStringLiteral("yyyy-MM-dd HH:mm")) : text;
}

QString shortCommit(std::string_view sha) {
  if (sha.empty() || sha == "unknown") return QStringLiteral("unknown commit");
  return oneLine(sha.substr(0, 10));
}

}  // namespace flashcore::gui
