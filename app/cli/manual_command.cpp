// What the program says of itself for man and for shells.
#include "app/cli/commands.h"
#include "app/cli/completion.h"
#include "app/cli/manual_page.h"

namespace flashcore::cli {

int manual_command(const Options&, const core::CancelToken& cancel) {
  return put_output(manual_page(), 0, cancel);
}

int completion_command(const Options& options, const core::CancelToken& cancel) {
  const auto script = completion_for(options.shell);
  return script ? put_output(*script, 0, cancel) : complain(script.error());
}

}  // namespace flashcore::cli
