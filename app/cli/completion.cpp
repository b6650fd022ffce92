#include "app/cli/completion.h"

#include "app/cli/completion_scripts.h"
#include "core/nearest.h"

namespace flashcore::cli {

const std::vector<std::string>& shell_names() {
  static const std::vector<std::string> kNames{"bash", "zsh", "fish"};
  return kNames;
}

core::Result<std::string> completion_for(const std::string& shell) {
  if (shell == "bash") return bash_completion();
  if (shell == "zsh") return zsh_completion();
  if (shell == "fish") return fish_completion();
  return core::fail(core::unknown_name("shell", shell, shell_names()));
}

}  // namespace flashcore::cli
