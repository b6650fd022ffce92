// Completion for fish 3.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string_view>

#include "app/cli/completion_scripts.h"
#include "app/cli/option_words.h"

namespace flashcore::cli {
namespace {

using Kind = ValueWords::Kind;

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

constexpr const char* kHead =
    R"fish(# fish completion of flashcore-profile; written by: flashcore-profile completion fish
# Use: flashcore-profile completion fish | source
complete -c flashcore-profile -e
complete -c flashcore-profile -f
)fish";

// Whether the line has no command yet (no argument), or this one.
constexpr const char* kIn = R"fish(function __flashcore_profile_in
    for word in (commandline -opc)[2..-1]
        if contains -- $word $__flashcore_profile_commands
            test "$word" = "$argv[1]"
            return
        end
    end
    test -z "$argv[1]"
end
)fish";

// The words of a list stand in a function: quotes within quotes are no pleasure in any shell.
std::string words_function(const std::string& name) {
  std::string out = "__flashcore_profile_words";
  for (const char c : name) out += c == '-' || c == ' ' ? '_' : c;
  return out;
}

std::string value_text(const std::string& name, const ValueWords& value) {
  switch (value.kind) {
    case Kind::kNone: return "";
    case Kind::kAny: return " -x";
    case Kind::kFile: return " -r -F";
    case Kind::kFolder: return " -x -a '(__fish_complete_directories)'";
    case Kind::kWords: break;
  }
  return value.list ? fmt::format(" -x -a '(__fish_complete_list , {})'", words_function(name))
                    : fmt::format(" -x -a {}", fish_quoted(fmt::format("{}", fmt::join(value.words, " "))));
}

std::string option_line(const CommandText& command, const OptionText& option) {
  const ValueWords value = words_of(command.name, option);
  std::string text = value_text(option.name, value);
  // A file that may be left out: fish has no such value, so it is offered and not asked for.
  if (option.value_may_lack) text = " -F";
  return fmt::format("complete -c flashcore-profile -n '__flashcore_profile_in {}' -l {}{} -d {}\n",
                     command.name.empty() ? "\"\"" : command.name, option.name.substr(2), text,
                     fish_quoted(option.help));
}

std::string argument_line(const CommandText& command, const OptionText& argument) {
  const ValueWords value = words_of(command.name, argument);
  if (value.kind == Kind::kAny) return {};
  const std::string what = value.kind == Kind::kFile
                               ? std::string(" -F")
                               : " -a " + fish_quoted(fmt::format("{}", fmt::join(value.words, " ")));
  return fmt::format("complete -c flashcore-profile -n '__flashcore_profile_in {}'{}\n", command.name, what);
}

std::string list_functions(const std::vector<CommandText>& commands) {
  std::map<std::string, std::string> functions;
  for (const CommandText& command : commands) {
    for (const OptionText& option : command.options) {
      const ValueWords value = words_of(command.name, option);
      if (value.kind != Kind::kWords || !value.list) continue;
      functions[words_function(option.name)] = fmt::format("{}", fmt::join(value.words, " "));
    }
  }
  std::string out;
  for (const auto& [name, words] : functions)
    out += fmt::format("function {}\n    string split ' ' '{}'\nend\n", name, words);
  return out;
}

}  // namespace

std::string fish_completion() {
  const std::vector<CommandText> commands = command_texts();
  std::string names, lines;
  for (const CommandText& command : commands) {
    if (!command.name.empty()) {
      names += " " + command.name;
      lines += fmt::format("complete -c flashcore-profile -n '__flashcore_profile_in \"\"' -a {} -d {}\n",
                           command.name, fish_quoted(command.about));
    }
    for (const OptionText& argument : command.arguments) lines += argument_line(command, argument);
    for (const OptionText& option : command.options) lines += option_line(command, option);
  }
  return kHead + fmt::format("set -g __flashcore_profile_commands{}\n", names) + kIn +
         list_functions(commands) + lines;
}

}  // namespace flashcore::cli
