#include "app/cli/manual_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "app/cli/command_table.h"
#include "app/cli/option_table.h"
#include "core/build_info.h"

namespace flashcore::cli {
namespace {

// Of the page's wording: man wants a date, and that of a build would make two builds of one tree differ.
constexpr const char* kDate = "2026-11-22";

struct Told {
  const char* name;
  const char* what;
};

constexpr Told kVariables[] = {
    {"FLASHCORE_CATALOGUE", "folder with metric files laid over the built-in ones, as --catalogue"},
    {"FLASHCORE_CUDNN", "the cuDNN library that the phase cudnn opens"},
    {"XDG_DATA_HOME", "where the database is kept, under flashcore/ (default: ~/.local/share)"},
    {"XDG_CACHE_HOME",
     "where compare --measure keeps its builds of git revisions, under flashcore/ (default: ~/.cache)"},
    {"XDG_RUNTIME_DIR", "where the locks are kept by which processes take turns on a GPU"},
    {"CUDA_VISIBLE_DEVICES", "the GPUs that there are to be, as for every CUDA program"},
    {"CUDA_HOME", "a CUDA toolkit that is looked through for CUPTI and ncu, and so is CUDA_PATH"},
    {"PATH", "where ncu, git and the tools of the toolkit are looked for"},
    {"COLUMNS", "width of the terminal; where nothing says it, lists have 80 columns and tables 100"},
    {"NO_COLOR", "when set, nothing is coloured; the same where TERM is dumb or the output is no terminal"}};

constexpr Told kFiles[] = {{"$XDG_DATA_HOME/flashcore/runs.db", "the database, where --db names no other"},
                           {"PREFIX/share/flashcore/recordings/", "the recordings that --replay serves"},
                           {"FILE.db.zst", "a recording: a database that record has packed"}};

// Text of any kind as running text of roff: nothing in it is a request or an escape.
std::string roff(std::string_view text) {
  std::string out;
  bool at_start = true, bold = false;
  for (const char c : text) {
    const bool begins = at_start;
    at_start = c == '\n';
    switch (c) {
      case '\\': out += "\\(rs"; break;
      case '-': out += "\\-"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      case '\'': out += "\\(aq"; break;
      case '"': out += "\\(dq"; break;
      case '`':
        out += bold ? "\\fP" : "\\fB";
        bold = !bold;
        break;
      case '.': out += begins ? "\\&." : "."; break;
      default: out += c;
    }
  }
  return out + (bold ? "\\fP" : "");
}

std::string paragraph(std::string_view head, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", head, roff(text));
}

std::string option_head(const OptionText& option) {
  std::string head = "\\fB" + roff(option.name) + "\\fP";
  if (!option.type.empty()) head += " \\fI" + roff(option.type) + "\\fP";
  return head;
}

std::string option_lines(const std::vector<OptionText>& options) {
  std::string out;
  for (const OptionText& option : options) {
    std::string help = option.help;
    if (!option.preset.empty() && help.find("default") == std::string::npos)
      help += fmt::format(" (default: {})", option.preset);
    out += paragraph(option_head(option), help);
  }
  return out;
}

std::string call_of(const CommandText& command) {
  std::string text = "\\fBflashcore\\-profile\\fP";
  if (!command.name.empty()) text += " \\fB" + roff(command.name) + "\\fP";
  for (const OptionText& argument : command.arguments) {
    const bool plain = argument.type.empty() || argument.type == "TEXT";
    std::string name = plain ? argument.name : argument.type;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    text += " \\fI" + roff(name) + "\\fP";
  }
  if (!command.options.empty()) text += " [\\fIoptions\\fP]";
  return text;
}

// Which list takes which option is not the same for all of them.
std::string lists() {
  std::string out = ".PP\n" + roff("What can be listed, and the options that each list takes:") + "\n";
  for (const std::string& name : list_names())
    out += paragraph("\\fB" + roff(name) + "\\fP",
                     fmt::format("{}", fmt::join(options_of("list " + name), ", ")));
  return out;
}

std::string command_lines(const CommandText& command) {
  std::string about = command.about;
  if (!about.empty()) about += ".";
  std::string out = fmt::format(".SS {}\n{}\n.PP\n{}\n", roff(command.name), call_of(command), roff(about));
  for (const OptionText& argument : command.arguments)
    out += paragraph("\\fI" + roff(argument.name) + "\\fP", argument.help);
  out += option_lines(command.options);
  if (command.name == "list") out += lists();
  return out;
}

template <typename Entries>
std::string told(std::string_view section, const Entries& entries) {
  std::string out = fmt::format(".SH {}\n", section);
  for (const Told& entry : entries) out += paragraph("\\fB" + roff(entry.name) + "\\fP", entry.what);
  return out;
}

std::string exit_status() {
  std::string out = ".SH EXIT STATUS\n";
  for (const ExitCode& each : exit_codes()) out += paragraph(fmt::format("\\fB{}\\fP", each.code), each.what);
  return out;
}

std::string example_lines() {
  std::string out = ".SH EXAMPLES\n";
  for (const Example& example : examples()) {
    const std::string command = "\\fB" + roff(example.command) + "\\fP";
    out += *example.what != '\0' ? paragraph(command, example.what) : fmt::format(".TP\n{}\n\\&\n", command);
  }
  return out;
}

}  // namespace

std::string manual_page() {
  const std::vector<CommandText> commands = command_texts();
  const auto& program = commands.front();
  std::string out = fmt::format(
      ".\\\" Written by flashcore-profile manual.\n"
      ".TH FLASHCORE\\-PROFILE 1 \"{}\" \"FlashCore {}\" \"User Commands\"\n"
      ".SH NAME\nflashcore\\-profile \\- profiles the phases of a CUDA kernel\n"
      ".SH SYNOPSIS\n{}\n",
      kDate, roff(core::build_info().version), call_of(program));
  for (std::size_t i = 1; i < commands.size(); ++i) out += ".br\n" + call_of(commands[i]) + "\n";
  out += fmt::format(
      ".SH DESCRIPTION\n{}\n.PP\n{}\n.SH OPTIONS\n", roff(about_program()),
      roff("Without a command it profiles. An option that a command does not take is an error that "
           "names those it takes."));
  out += option_lines(program.options) + ".SH COMMANDS\n";
  for (std::size_t i = 1; i < commands.size(); ++i) out += command_lines(commands[i]);
  return out + exit_status() + told("ENVIRONMENT", kVariables) + told("FILES", kFiles) + example_lines();
}

}  // namespace flashcore::cli
