// What the profile panel says of its choices: what is missing, what this machine cannot do, what may be
// pressed.
#include <algorithm>

#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "app/gui/profile_panel.h"

namespace flashcore::gui {

QString ProfilePanel::whatIsMissing() const {
  if (request().profile.phases.empty()) return tr("Tick at least one phase.");
  const auto chosen = problems();
  if (!chosen) return oneLine(chosen.error().message + " " + chosen.error().hint, 400);
  if (chosen->empty()) return tr("Tick at least one problem.");
  const bool any = std::any_of(collectors_.begin(), collectors_.end(),
                               [](const CollectorTick& tick) { return tick.box->isChecked(); });
  if (!any) return tr("Tick what to collect.");
  bool whole = false;
  (void)seed_->text().trimmed().toULongLong(&whole);
  return whole ? QString() : tr("The seed is a whole number from 0.");
}

QString ProfilePanel::troubles() const {
  QStringList lines;
  for (const auto& [info, box] : collectors_) {
    if (!box->isChecked()) continue;
    const auto trouble = machine_.troubles.find(info.id);
    if (trouble != machine_.troubles.end()) {
      lines << tr("%1 will be missing: %2").arg(oneLine(info.title, 60), trouble->second);
    } else if (info.counts && !machine_.counters.isEmpty()) {
      lines << tr("%1 will be missing: %2").arg(oneLine(info.title, 60), machine_.counters);
    }
  }
  return lines.join(QLatin1Char('\n'));
}

void ProfilePanel::showReason() {
  const QString missing = whatIsMissing();
  const Theme theme = themeOf(palette());
  QString reason;
  QColor colour = theme.warning;
  if (!machineKnown_) {
    reason = tr("Looking for a GPU...");
    colour = theme.muted;
  } else if (!machine_.canProfile) {
    reason = tr("Profiling is off on this machine: %1").arg(machine_.reason);
    if (!machine_.remedy.isEmpty()) reason += tr("\nWhat to do: %1").arg(machine_.remedy);
  } else if (!missing.isEmpty()) {
    reason = missing;
  } else {
    reason = tr("On %1").arg(machine_.device);
    const QString more = troubles();
    if (!more.isEmpty()) reason += QLatin1Char('\n') + more;
    if (more.isEmpty()) colour = theme.muted;
  }
  reason_->setText(reason);
  reason_->setStyleSheet(QStringLiteral("color: %1;").arg(colour.name()));
  run_->setEnabled(machineKnown_ && machine_.canProfile && missing.isEmpty() && !running_);
  run_->setToolTip(run_->isEnabled() ? tr("Profile what is ticked (Ctrl+R)") : plainToolTip(reason));
}

void ProfilePanel::refresh() {
  showReason();
  const Theme theme = themeOf(palette());
  const bool counts = std::any_of(collectors_.begin(), collectors_.end(), [](const CollectorTick& tick) {
    return tick.info.counts && tick.box->isChecked();
  });
  set_->setEnabled(counts);
  strict_->setEnabled(counts);
  replay_->setEnabled(machineKnown_ && machine_.canReplay && !running_);
  recording_->setText(machine_.recording);
  recording_->setVisible(machineKnown_ && !machine_.recording.isEmpty());
  for (auto* label : {recording_, target_, step_}) {
    label->setStyleSheet(QStringLiteral("color: %1;").arg(theme.muted.name()));
  }
  progress_->setVisible(running_);
  cancel_->setVisible(running_);
  step_->setVisible(!step_->text().isEmpty());
}

}  // namespace flashcore::gui
