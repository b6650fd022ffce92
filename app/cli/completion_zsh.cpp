// Completion for zsh: a function of its completion system.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "app/cli/completion_scripts.h"
#include "app/cli/option_words.h"

namespace flashcore::cli {
namespace {

using Kind = ValueWords::Kind;

// Text inside single quotes and brackets of a specification of _arguments.
std::string told(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\'': out += "'\\''"; break;
      case '[': out += '('; break;
      case ']': out += ')'; break;
      case ':': out += "\\:"; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += ' '; break;
      default: out += c;
    }
  }
  return out;
}

std::string action(const ValueWords& value) {
  switch (value.kind) {
    case Kind::kWords:
      return value.list ? fmt::format("_sequence compadd - {}", fmt::join(value.words, " "))
                        : fmt::format("({})", fmt::join(value.words, " "));
    case Kind::kFile: return "_files";
    case Kind::kFolder: return "_files -/";
    case Kind::kAny:
    case Kind::kNone: break;
  }
  return " ";
}

std::string option_spec(const CommandText& command, const OptionText& option) {
  if (option.type.empty()) return fmt::format("'{}[{}]'", option.name, told(option.help));
  return fmt::format("'*{}=[{}]{}{}:{}'", option.name, told(option.help), option.value_may_lack ? "::" : ":",
                     told(option.type), action(words_of(command.name, option)));
}

// The command itself is the first argument that is no option.
std::string argument_specs(const CommandText& command) {
  std::string out = command.name.empty() ? "      '1:command:->command'\n"
                                         : fmt::format("      '1:command:({})'\n", command.name);
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const OptionText& argument = command.arguments[i];
    const std::string place = argument.name.ends_with("s") ? "*" : fmt::format("{}", i + 2);
    out += fmt::format("      '{}:{}:{}'\n", place, told(argument.name),
                       action(words_of(command.name, argument)));
  }
  return out;
}

std::string command_case(const CommandText& command) {
  std::string out = fmt::format("    {})\n      specs=(\n", command.name.empty() ? "''" : command.name);
  for (const OptionText& option : command.options) out += "      " + option_spec(command, option) + "\n";
  return out + argument_specs(command) + "      ) ;;\n";
}

}  // namespace

std::string zsh_completion() {
  const std::vector<CommandText> commands = command_texts();
  std::string out =
      "#compdef flashcore-profile\n"
      "# zsh completion of flashcore-profile; written by: flashcore-profile completion zsh\n"
      "# Use: flashcore-profile completion zsh > FOLDER/_flashcore-profile, FOLDER being one of $fpath\n"
      "_flashcore-profile() {\n  local curcontext=$curcontext state line word command=''\n"
      "  local -a commands names specs\n  commands=(\n";
  for (std::size_t i = 1; i < commands.size(); ++i)
    out += fmt::format("    '{}:{}'\n", commands[i].name, told(commands[i].about));
  out +=
      "  )\n  names=(${commands%%:*})\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    (( ${names[(Ie)$word]} )) && command=$word && break\n  done\n"
      "  case $command in\n";
  for (const CommandText& command : commands) out += command_case(command);
  return out +
         "  esac\n  _arguments -C $specs && return\n"
         "  [[ $state == command ]] && _describe command commands\n}\n"
         "if [[ $funcstack[1] == _flashcore-profile ]]; then\n  _flashcore-profile \"$@\"\n"
         "else\n  compdef _flashcore-profile flashcore-profile\nfi\n";
}

}  // namespace flashcore::cli
