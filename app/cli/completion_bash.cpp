// Completion for bash 4 and later.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "app/cli/completion_scripts.h"
#include "app/cli/option_words.h"

namespace flashcore::cli {
namespace {

using Kind = ValueWords::Kind;

// bash takes "--set=quick" apart at the equals sign, and leaves commas where they are.
constexpr const char* kHead =
    R"sh(# bash completion of flashcore-profile; written by: flashcore-profile completion bash
# Use: source <(flashcore-profile completion bash)
_flashcore_profile_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_flashcore_profile_list() {
  local before=
  [[ $cur == *,* ]] && before=${cur%,*},
  COMPREPLY=($(compgen -P "$before" -W "$1" -- "${cur##*,}"))
  compopt -o nospace 2>/dev/null
}
_flashcore_profile_files() {
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}
_flashcore_profile() {
  local cur=${COMP_WORDS[COMP_CWORD]} option= command= word i at=0
  local -a given=()
  COMPREPLY=()
)sh";

constexpr const char* kLoop = R"sh(
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ " $values " == *" $word "* ]]; then
      [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
      ((i++))
    elif [[ $word == = ]]; then
      ((i++))
    elif [[ $word != -* ]]; then
      if [[ -z $command && " $commands " == *" $word "* ]]; then
        command=$word
      else
        given+=("$word")
      fi
    fi
  done
  at=${#given[@]}
  if [[ $cur == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 1]} cur=
  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --* ]]; then
    option=${COMP_WORDS[COMP_CWORD - 1]}
    # A value that may be left out is none where the next option begins.
    [[ " $lacking " == *" $option "* && $cur == -* ]] && option=
  fi
)sh";

std::string action(const ValueWords& value) {
  switch (value.kind) {
    case Kind::kWords:
      return fmt::format("_flashcore_profile_{} \"{}\"", value.list ? "list" : "words",
                         fmt::join(value.words, " "));
    case Kind::kFile: return "_flashcore_profile_files -f";
    case Kind::kFolder: return "_flashcore_profile_files -d";
    case Kind::kAny:
    case Kind::kNone: break;
  }
  return ":";
}

// "case $option in" over every option with a value.
std::string option_cases(const std::vector<CommandText>& commands) {
  std::string out = "  case $option in\n";
  std::set<std::string> told;
  for (const CommandText& command : commands) {
    for (const OptionText& option : command.options) {
      if (option.type.empty() || !told.insert(option.name).second) continue;
      out += fmt::format("    {}) {}; return ;;\n", option.name, action(words_of(command.name, option)));
    }
  }
  return out + "  esac\n";
}

std::string argument_cases(const CommandText& command) {
  std::string out;
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const OptionText& argument = command.arguments[i];
    const std::string what = action(words_of(command.name, argument));
    if (what == ":") continue;
    const bool last = i + 1 == command.arguments.size();
    // The last may be several files.
    const bool several = last && argument.name.ends_with("s");
    out += several ? fmt::format(" {};", what) : fmt::format(" ((at == {})) && {};", i, what);
  }
  return out;
}

std::string command_cases(const std::vector<CommandText>& commands) {
  std::string names;
  for (std::size_t i = 1; i < commands.size(); ++i) names += (i > 1 ? " " : "") + commands[i].name;
  std::string out = "  case $command in\n";
  for (const CommandText& command : commands) {
    std::string options;
    for (const OptionText& option : command.options) options += (options.empty() ? "" : " ") + option.name;
    const std::string arguments = command.name.empty()
                                      ? fmt::format(" _flashcore_profile_words \"{}\";", names)
                                      : argument_cases(command);
    out += fmt::format(
        "    {})\n      if [[ $cur == -* ]]; then _flashcore_profile_words \"{}\"\n"
        "      else{} :\n      fi ;;\n",
        command.name.empty() ? "''" : command.name, options, arguments);
  }
  return out + "  esac\n";
}

}  // namespace

std::string bash_completion() {
  const std::vector<CommandText> commands = command_texts();
  std::set<std::string> values, lacking;
  std::vector<std::string> names;
  for (const CommandText& command : commands) {
    if (!command.name.empty()) names.push_back(command.name);
    for (const OptionText& option : command.options) {
      if (!option.type.empty()) (option.value_may_lack ? lacking : values).insert(option.name);
    }
  }
  return kHead +
         fmt::format("  local commands=\"{}\"\n  local values=\"{}\"\n  local lacking=\"{}\"",
                     fmt::join(names, " "), fmt::join(values, " "), fmt::join(lacking, " ")) +
         kLoop + option_cases(commands) + command_cases(commands) +
         "}\ncomplete -F _flashcore_profile flashcore-profile\n";
}

}  // namespace flashcore::cli
