// The manual page and the completions: of the table of options, all of it and nothing else, and good for the
// programs that read them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "app/cli/command_table.h"
#include "app/cli/completion.h"
#include "app/cli/manual_page.h"
#include "app/cli/option_table.h"
#include "app/cli/option_words.h"
#include "reports/text.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

using Names = std::set<std::string>;

// What the parser takes, command by command, with what every command has.
Names options_of_table(const std::string& command) {
  Names names{"--help"};
  for (const auto name : cli::options_of(command)) names.emplace(name);
  if (command.empty()) names.insert("--version");
  return names;
}

Names options_in(const std::string& text) {
  static const std::regex kOption("--[a-z][a-z-]*");
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), kOption), end; at != end; ++at)
    names.insert(at->str());
  return names;
}

std::vector<std::string> commands_for_people() {
  std::vector<std::string> names;
  for (const cli::CommandSpec& spec : cli::commands()) {
    if (spec.for_people) names.emplace_back(spec.name);
  }
  return names;
}

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const auto begin = text.find(from);
  if (begin == std::string::npos) return {};
  const auto end = text.find(to, begin + from.size());
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

std::string without_escapes(std::string text) {
  for (std::size_t at = text.find("\\-"); at != std::string::npos; at = text.find("\\-", at))
    text.replace(at, 2, "-");
  return text;
}

// Those options that have a paragraph of their own.
Names told_options(const std::string& page) {
  Names names;
  std::istringstream lines(page);
  std::string before;
  for (std::string line; std::getline(lines, line); before = line) {
    if (before != ".TP" || !line.starts_with("\\fB--")) continue;
    names.insert(line.substr(3, line.find("\\fP") - 3));
  }
  return names;
}

TEST(Manual, TellsOfEveryCommandAndOptionOfTheTableAndOfNoOther) {
  const std::string page = without_escapes(cli::manual_page());
  EXPECT_EQ(told_options(between(page, ".SH OPTIONS\n", ".SH ")), options_of_table(""));
  const std::string commands = between(page, ".SH COMMANDS\n", "\n.SH ");
  Names told;
  const std::regex heading("\n\\.SS ([a-z]+)\n");
  for (std::sregex_iterator at(commands.begin(), commands.end(), heading), end; at != end; ++at)
    told.insert((*at)[1].str());
  const auto people = commands_for_people();
  EXPECT_EQ(told, Names(people.begin(), people.end()));
  for (const std::string& command : people) {
    const std::string part = between(commands + ".SS ", "\n.SS " + command + "\n", "\n.SS ");
    EXPECT_EQ(told_options(part), options_of_table(command)) << command;
  }
  EXPECT_THAT(page, Not(HasSubstr("worker")));
}

TEST(Manual, HasTheSectionsInTheirOrder) {
  const std::string page = cli::manual_page();
  std::size_t at = 0;
  for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS",
                              "ENVIRONMENT", "FILES", "EXAMPLES"}) {
    const auto found = page.find(std::string("\n.SH ") + section + "\n");
    ASSERT_NE(found, std::string::npos) << section;
    EXPECT_GT(found, at) << section;
    at = found;
  }
  for (const cli::ExitCode& each : cli::exit_codes())
    EXPECT_THAT(page, HasSubstr(fmt::format("\\fB{}\\fP\n", each.code)));
}

// What changes the program from outside belongs into the page; the sources say what that is.
TEST(Manual, TellsOfTheVariablesThatTheFacesRead) {
  const std::string page = cli::manual_page();
  const std::regex read("getenv\\(\"([A-Z_]+)\"\\)");
  int found = 0;
  for (const char* folder : {"app/cli", "app/session", "reports", "store", "core"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(FLASHCORE_SOURCE_DIR) + "/" + folder)) {
      if (entry.path().extension() != ".cpp") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      for (std::sregex_iterator at(text.begin(), text.end(), read), end; at != end; ++at, ++found) {
        if ((*at)[1] == "HOME") continue;  // the system's own, told of with XDG_DATA_HOME
        EXPECT_THAT(page, HasSubstr((*at)[1].str())) << entry.path();
      }
    }
  }
  EXPECT_GE(found, 5);
}

TEST(Words, StandForOptionsAndArgumentsThatThereAre) {
  Names known;
  for (const cli::CommandText& command : cli::command_texts()) {
    for (const auto& option : command.options) known.insert(option.name);
    for (const auto& argument : command.arguments) known.insert(command.name + " " + argument.name);
  }
  for (const std::string& name : cli::names_with_words()) EXPECT_THAT(known, Contains(name));
  const auto words = [](const std::string& name, const std::string& type) {
    return cli::words_of("", {name, type, "", "", false}).words;
  };
  EXPECT_THAT(words("--set", "SET"), ElementsAre("quick", "standard", "full"));
  EXPECT_THAT(words("--cache", "STATE"), ElementsAre("warm", "cold"));
  EXPECT_THAT(words("--phase", "NAME[,NAME]"), IsSupersetOf({"all", "baseline", "wmma"}));
  EXPECT_THAT(words("--shape", "NAME"), Contains("mission"));
  EXPECT_THAT(words("--section", "NAME[,NAME]"), IsSupersetOf({"all", "summary", "tensor", "messages"}));
  EXPECT_THAT(words("--metric", "NAME"), Contains("duration"));
}

class Completions : public CommandLine {
 protected:
  // What bash offers for a line that ends at the cursor, as readline would hand it on: words are taken apart
  // at spaces and at "=".
  std::vector<std::string> bash(const std::vector<std::string>& words) {
    std::string line = "source <(\"$P\" completion bash); COMP_WORDS=(flashcore-profile";
    for (const auto& word : words) line += " '" + word + "'";
    line +=
        fmt::format("); COMP_CWORD={}; cd '{}'; _flashcore_profile; ", words.size(), folder_.path().string());
    line += "(( ${#COMPREPLY[@]} )) && printf '%s\\n' \"${COMPREPLY[@]}\"; true";
    auto environment = with_home();
    environment.emplace("P", command({}).front());
    const auto outcome = run_program({"/bin/bash", "--norc", "-c", line}, environment);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    std::vector<std::string> offered;
    std::istringstream in(outcome.out);
    for (std::string word; std::getline(in, word);) offered.push_back(word);
    return offered;
  }
  Names offered_options(const std::string& command) {
    const auto words =
        bash(command.empty() ? std::vector<std::string>{"--"} : std::vector<std::string>{command, "--"});
    return {words.begin(), words.end()};
  }
  static bool there(const char* program) {
    return run_program({"/bin/sh", "-c", std::string("command -v ") + program}).exit_code == 0;
  }
  std::string script(const std::string& shell) {
    const auto outcome = run({"completion", shell});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto path = folder_ / ("script." + shell);
    std::ofstream(path) << outcome.out;
    return path.string();
  }
};

TEST_F(Completions, OfBashOfferTheOptionsOfTheTable) {
  EXPECT_EQ(offered_options(""), options_of_table(""));
  for (const std::string& command : commands_for_people())
    EXPECT_EQ(offered_options(command), options_of_table(command)) << command;
}

TEST_F(Completions, OfBashCompleteWordByWord) {
  const auto commands = commands_for_people();
  EXPECT_THAT(bash({""}), ::testing::UnorderedElementsAreArray(commands));
  EXPECT_THAT(bash({"sh"}), ElementsAre("show"));
  EXPECT_THAT(bash({"work"}), IsEmpty());
  EXPECT_THAT(bash({"--set", ""}), ElementsAre("quick", "standard", "full"));
  EXPECT_THAT(bash({"--set", "q"}), ElementsAre("quick"));
  EXPECT_THAT(bash({"--set", "="}), ElementsAre("quick", "standard", "full"));
  EXPECT_THAT(bash({"--set", "=", "st"}), ElementsAre("standard"));
  EXPECT_THAT(bash({"--phase", "base"}), ElementsAre("baseline"));
  EXPECT_THAT(bash({"--phase", "baseline,wm"}), ElementsAre("baseline,wmma"));
  EXPECT_THAT(bash({"--shape", "missi"}), ElementsAre("mission"));
  EXPECT_THAT(bash({"list", ""}), ::testing::UnorderedElementsAreArray(cli::list_names()));
  EXPECT_THAT(bash({"list", "runs", ""}), IsEmpty());
  EXPECT_THAT(bash({"list", "runs", "--cache", ""}), ElementsAre("warm", "cold"));
  EXPECT_THAT(bash({"completion", "z"}), ElementsAre("zsh"));
  EXPECT_THAT(bash({"show", "lat"}), ElementsAre("latest"));
  EXPECT_THAT(bash({"show", "3", "--section", "tens"}), ElementsAre("tensor"));
  EXPECT_THAT(bash({"show", "3", "--section", "summary,tens"}), ElementsAre("summary,tensor"));
  // An option before the command, and its value, which is no command.
  EXPECT_THAT(bash({"--db", "show", "list", "ru"}), ElementsAre("runs"));
  EXPECT_THAT(bash({"--db", "=", "show", "list", "ru"}), ElementsAre("runs"));
  EXPECT_THAT(bash({"show", "--asc"}), ElementsAre("--ascii"));
  EXPECT_THAT(bash({"doctor", "--asc"}), IsEmpty());
  // A value that may be left out: what follows is the next option.
  EXPECT_THAT(bash({"show", "3", "--json", "--asc"}), ElementsAre("--ascii"));
  EXPECT_THAT(bash({"--limit", ""}), IsEmpty());
}

TEST_F(Completions, OfBashNameFilesAndFolders) {
  std::ofstream(folder_ / "a file.db") << "x";
  std::ofstream(folder_ / "afile.ncu-rep") << "x";
  std::filesystem::create_directory(folder_ / "afolder");
  EXPECT_THAT(bash({"--db", "a"}), ::testing::UnorderedElementsAre("a file.db", "afile.ncu-rep", "afolder"));
  EXPECT_THAT(bash({"--replay", "a f"}), ElementsAre("a file.db"));
  EXPECT_THAT(bash({"list", "metrics", "--catalogue", "a"}), ElementsAre("afolder"));
  EXPECT_THAT(bash({"import", "afi"}), ElementsAre("afile.ncu-rep"));
  EXPECT_THAT(bash({"import", "x", "afi"}), ElementsAre("afile.ncu-rep"));
  EXPECT_THAT(bash({"record", "a f"}), ElementsAre("a file.db"));
  EXPECT_THAT(bash({"gate", "a f"}), ElementsAre("a file.db"));
}

TEST_F(Completions, OfZshHaveTheOptionsOfTheTable) {
  const std::string text = cli::completion_for("zsh").value();
  for (const cli::CommandText& command : cli::command_texts()) {
    const std::string name = command.name.empty() ? "''" : command.name;
    const std::string part = between(text, "    " + name + ")\n      specs=(\n", "\n      ) ;;\n");
    Names names;
    const std::regex spec("\n +'\\*?(--[a-z-]+)");
    for (std::sregex_iterator at(part.begin(), part.end(), spec), end; at != end; ++at)
      names.insert((*at)[1].str());
    EXPECT_EQ(names, options_of_table(command.name)) << name;
  }
  EXPECT_THAT(text,
              AllOf(HasSubstr("#compdef flashcore-profile\n"), HasSubstr(":SET:(quick standard full)'")));
  if (!there("zsh")) GTEST_SKIP() << "there is no zsh";
  const auto outcome = run_program({"/bin/sh", "-c", "zsh -n '" + script("zsh") + "'"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Completions, OfFishHaveTheOptionsOfTheTable) {
  const std::string text = cli::completion_for("fish").value();
  for (const cli::CommandText& command : cli::command_texts()) {
    const std::string head = fmt::format("complete -c flashcore-profile -n '__flashcore_profile_in {}' -l ",
                                         command.name.empty() ? "\"\"" : command.name);
    Names names;
    for (auto at = text.find(head); at != std::string::npos; at = text.find(head, at + 1)) {
      const auto begin = at + head.size();
      names.insert("--" + text.substr(begin, text.find(' ', begin) - begin));
    }
    EXPECT_EQ(names, options_of_table(command.name)) << command.name;
  }
  if (!there("fish")) GTEST_SKIP() << "there is no fish";
  const std::string path = script("fish");
  const auto fish = [&](const std::string& line) {
    auto environment =
        with_home({{"HOME", folder_.path().string()}, {"XDG_CONFIG_HOME", folder_.path().string()}});
    return run_program(
        {"/bin/sh", "-c", "fish --no-config -c 'source \"" + path + "\"; complete -C \"" + line + "\"'"},
        environment);
  };
  EXPECT_EQ(run_program({"/bin/sh", "-c", "fish -n '" + path + "'"}).exit_code, 0);
  EXPECT_THAT(fish("flashcore-profile show 3 --asc").out, HasSubstr("--ascii"));
  EXPECT_THAT(fish("flashcore-profile doctor --asc").out, Not(HasSubstr("--ascii")));
  EXPECT_THAT(fish("flashcore-profile --set q").out, HasSubstr("quick"));
  EXPECT_THAT(fish("flashcore-profile list co").out, AllOf(HasSubstr("counters"), HasSubstr("collectors")));
  EXPECT_THAT(fish("flashcore-profile --phase baseline,wm").out, HasSubstr("baseline,wmma"));
}

TEST_F(Completions, AShellThatThereIsNotIsAnError) {
  for (const std::string shell : {"tcsh", "", "fishy", "\x1b[2J"}) {
    const auto outcome = run({"completion", shell});
    EXPECT_EQ(outcome.exit_code, 2) << shell;
    EXPECT_THAT(outcome.err, Not(HasSubstr("\x1b")));
  }
  EXPECT_THAT(run({"completion", "fsh"}).err, HasSubstr("fish"));
  EXPECT_EQ(run({"completion"}).exit_code, 2);
  // The script of bash has no help texts, which may name the options of other programs.
  Names all{"--help", "--version"};
  for (const cli::CommandText& command : cli::command_texts()) {
    for (const auto& option : command.options) all.insert(option.name);
  }
  for (const std::string& option : options_in(cli::completion_for("bash").value()))
    EXPECT_THAT(all, Contains(option));
}

class ManualPage : public CommandLine {};

TEST_F(ManualPage, IsReadByManWithoutAWord) {
  const auto page = run({"manual"});
  ASSERT_EQ(page.exit_code, 0) << page.err;
  EXPECT_EQ(page.out, cli::manual_page());
  EXPECT_EQ(run({"manual", "--db", "x"}).exit_code, 2);
  const auto path = folder_ / "flashcore-profile.1";
  std::ofstream(path) << page.out;
  bool read = false;
  for (const std::string reader : {"groff -man -Tutf8 -ww", "mandoc -T lint -W warning"}) {
    const std::string program = reader.substr(0, reader.find(' '));
    if (run_program({"/bin/sh", "-c", "command -v " + program}).exit_code != 0) continue;
    read = true;
    const auto outcome = run_program({"/bin/sh", "-c", reader + " '" + path.string() + "'"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "") << reader;
    if (program == "mandoc") {
      EXPECT_EQ(outcome.out, "");
    } else {
      EXPECT_THAT(outcome.out, HasSubstr("FLASHCORE-PROFILE(1)"));
    }
  }
  if (!read) GTEST_SKIP() << "there is neither groff nor mandoc";
}

TEST(Help, IsNoWiderThanATerminal) {
  for (const char* command : {"", "compare", "show", "history", "gate", "completion", "manual", "why"}) {
    std::vector<const char*> arguments{"flashcore-profile"};
    if (*command != '\0') arguments.push_back(command);
    arguments.push_back("--help");
    const auto help = cli::parse_options(static_cast<int>(arguments.size()), arguments.data());
    ASSERT_TRUE(help) << command;
    std::istringstream lines(help->text);
    const bool only_footer = *command == '\0';
    bool in_footer = false;
    for (std::string line; std::getline(lines, line);) {
      in_footer = in_footer || line == "Examples:";
      if (!only_footer || in_footer) {
        EXPECT_LE(reports::display_width(line), 79) << line;
      }
    }
  }
}

}  // namespace
}  // namespace flashcore::tests
