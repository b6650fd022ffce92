#include "app/gui/machine_probe.h"

#include "app/gui/models/text.h"
#include "app/session/replay.h"

namespace flashcore::gui {
namespace {

const session::Finding* find(const std::vector<session::Finding>& findings, std::string_view id) {
  for (const auto& finding : findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

void describeRecording(MachineState& state, const QString& path) {
  const auto recording = session::named_recording(path.toStdString());
  if (!recording) {
    state.recording = oneLine(recording.error().message, 300);
    return;
  }
  const auto description = session::describe_recording(*recording);
  state.canReplay = description.has_value();
  state.recording = oneLine(description ? *description : description.error().message, 300);
}

}  // namespace

MachineState machineStateOf(const std::vector<session::Finding>& findings) {
  MachineState state;
  state.canProfile = true;
  for (const char* id : {"driver", "gpu"}) {
    const auto* finding = find(findings, id);
    if (finding && finding->ok) continue;
    state.canProfile = false;
    state.reason = finding ? oneLine(finding->detail, 300)
                           : QObject::tr("Nothing was found out about the %1.").arg(QLatin1String(id));
    state.remedy = finding ? oneLine(finding->remedy, 400) : QString();
    return state;
  }
  state.device = oneLine(find(findings, "gpu")->detail, 120);
  for (const auto& finding : findings) {
    if (finding.ok) continue;
    const QString trouble = oneLine(finding.detail + " " + finding.remedy, 500);
    state.troubles.emplace(finding.id, trouble);
    if (finding.id == "counters") state.counters = trouble;
  }
  return state;
}

MachineProbe::MachineProbe(Examine examine, QString recording, QObject* parent)
    : QObject(parent), examine_(std::move(examine)), recording_(std::move(recording)) {}

void MachineProbe::start() {
  background_.run(
      [examine = examine_, recording = recording_] {
        MachineState state = machineStateOf(examine());
        describeRecording(state, recording);
        return state;
      },
      [this](const MachineState& state) { Q_EMIT found(state); });
}

}  // namespace flashcore::gui
