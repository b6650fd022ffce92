// Banner: what went wrong, or what has been done, as a line across the window that waits for nobody.
//
// Owns: its labels. Text is plain. Threads: the GUI's.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>
#include <QString>
#include <functional>

#include "core/result.h"

namespace flashcore::gui {

class Banner final : public QFrame {
  Q_OBJECT

 public:
  enum class Kind { Information, Warning, Error };

  explicit Banner(QWidget* parent = nullptr);

  void show(Kind kind, const QString& message, const QString& hint = {}, const QString& detail = {});
  void show(const core::Error& error);
  // A button beside the message that is there now; it goes with the message.
  void offer(const QString& text, std::function<void()> action);

  QString message() const { return message_->text(); }
  QString hint() const { return hint_->text(); }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void restyle();

  Kind kind_ = Kind::Information;
  QLabel* mark_;
  QLabel* message_;
  QLabel* hint_;
  QPushButton* offer_;
  std::function<void()> action_;
};

}  // namespace flashcore::gui
