// flashcore_compiler_table OUTPUT {PHASE ARCH shipped|hidden CUBIN LOG}...
// flashcore_compiler_table --list {PHASE ARCH shipped|hidden CUBIN LOG}...
//
// Runs at build time: reads what `ptxas -v` said and the size of each kernel's code in its cubin,
// and writes the table behind compiler_reports(). Fails on register spills and on ptxas's C75xx
// remarks (wgmma serialised, setmaxnreg ignored) in a phase that is shipped: both cost speed in
// silence. --list refuses neither and prints a line a kernel, with tabs between phase, target, kernel,
// registers, stack, spill stores, spill loads and static shared bytes: scripts/check_compiler_limits judges
// them.
#include <cxxabi.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Kernel {
  std::string symbol;
  long registers = -1;
  long stack = -1, spill_stores = -1, spill_loads = -1;
  long shared = 0;
  std::uint64_t binary = 0;
};

struct Entry {
  std::string phase, arch, kind, cubin, log;
};

[[noreturn]] void stop(const std::string& why) {
  std::cerr << "compiler_table: " << why << '\n';
  std::exit(1);
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) stop("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "flashcore::kernels::f<flashcore::kernels::Tile, 64>(flashcore::kernels::View)" -> "f<Tile, 64>".
std::string readable(const std::string& symbol) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  if (status != 0 || demangled == nullptr) return symbol;
  std::string name = demangled;
  std::free(demangled);
  for (const std::string_view space : {"(anonymous namespace)::", "flashcore::kernels::"}) {
    for (std::size_t at; (at = name.find(space)) != std::string::npos;) name.erase(at, space.size());
  }
  name = std::regex_replace(name, std::regex(R"(\((?:int|bool|unsigned int|long)\)(\d+))"), "$1");
  name = std::regex_replace(name, std::regex("> (?=>)"), ">");
  int depth = 0;  // the parameter list begins at the first parenthesis outside of <>
  std::size_t begin = 0, end = name.size();
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (depth != 0) continue;
    if (name[i] == '(') {
      end = i;
      break;
    }
    if (name[i] == ' ' || name[i] == ':') begin = i + 1;
  }
  return name.substr(begin, end - begin);
}

// The bytes of each .text.SYMBOL section.
std::map<std::string, std::uint64_t> text_sizes(std::string cubin, const std::string& path) {
  if (elf_version(EV_CURRENT) == EV_NONE) stop("libelf is older than its header");
  const std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_memory(cubin.data(), cubin.size()), elf_end);
  const auto broken = [&] { stop(path + " cannot be read as ELF: " + elf_errmsg(-1)); };
  std::size_t names = 0;
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF) stop(path + " is not an ELF file");
  if (elf_getshdrstrndx(elf.get(), &names) != 0) broken();
  std::map<std::string, std::uint64_t> sizes;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) broken();
    const char* name = elf_strptr(elf.get(), names, header.sh_name);
    if (name == nullptr) broken();
    if (header.sh_offset + header.sh_size > cubin.size() && header.sh_type != SHT_NOBITS) {
      stop(path + " is cut off");
    }
    if (std::string_view(name).starts_with(".text.")) sizes[name + 6] = header.sh_size;
  }
  if (sizes.empty()) stop(path + " holds no kernel's code: it is cut off, or no cubin");
  return sizes;
}

std::vector<Kernel> parse_log(const std::string& log) {
  static const std::regex kEntry(R"(Compiling entry function '([^']+)')");
  static const std::regex kProperties(R"(Function properties for (\S+))");
  static const std::regex kStack(
      R"((\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads)");
  static const std::regex kUsed(R"(Used (\d+) registers)");
  static const std::regex kShared(R"((\d+) bytes smem)");
  std::vector<Kernel> kernels;
  std::string properties_of;
  std::size_t begin = 0;
  while (begin < log.size()) {
    const std::size_t end = std::min(log.find('\n', begin), log.size());
    const std::string line = log.substr(begin, end - begin);
    begin = end + 1;
    std::smatch match;
    if (std::regex_search(line, match, kEntry)) {
      kernels.push_back({.symbol = match[1]});
    } else if (std::regex_search(line, match, kProperties)) {
      properties_of = match[1];
    } else if (kernels.empty()) {
      continue;
    } else if (std::regex_search(line, match, kStack) && properties_of == kernels.back().symbol) {
      kernels.back().stack = std::stol(match[1]);
      kernels.back().spill_stores = std::stol(match[2]);
      kernels.back().spill_loads = std::stol(match[3]);
    } else if (std::regex_search(line, match, kUsed)) {
      kernels.back().registers = std::stol(match[1]);
      if (std::regex_search(line, match, kShared)) kernels.back().shared = std::stol(match[1]);
    }
  }
  return kernels;
}

std::string place(const Entry& entry) {
  return "phase " + entry.phase + " on sm_" + entry.arch;
}

void check_understood(const Entry& entry, const std::vector<Kernel>& kernels) {
  if (kernels.empty()) stop(place(entry) + ": ptxas names no kernel in " + entry.log);
  for (const Kernel& kernel : kernels) {
    if (kernel.registers < 0 || kernel.stack < 0 || kernel.binary == 0) {
      stop(place(entry) + ": ptxas's report on " + kernel.symbol + " was not understood; see " + entry.log);
    }
  }
}

void refuse_slow(const Entry& entry, const std::vector<Kernel>& kernels, const std::string& log) {
  for (const Kernel& kernel : kernels) {
    if (kernel.spill_stores > 0 || kernel.spill_loads > 0) {
      stop(place(entry) + ": " + readable(kernel.symbol) + " spills registers (" +
           std::to_string(kernel.spill_stores) + " bytes stored, " + std::to_string(kernel.spill_loads) +
           " loaded): lower its register use, or its blocks an SM in __launch_bounds__");
    }
  }
  std::smatch match;
  if (std::regex_search(log, match, std::regex(R"([^\n]*\(?C75\d\d\)?[^\n]*)"))) {
    stop(place(entry) + ": " + match[0].str());
  }
}

// An entry's kernels, all of them understood.
std::vector<Kernel> kernels_of(const Entry& entry, const std::string& log) {
  std::vector<Kernel> kernels = parse_log(log);
  const auto sizes = text_sizes(read(entry.cubin), entry.cubin);
  for (Kernel& kernel : kernels) {
    if (const auto size = sizes.find(kernel.symbol); size != sizes.end()) kernel.binary = size->second;
  }
  check_understood(entry, kernels);
  return kernels;
}

void list(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    for (const Kernel& k : kernels_of(entry, read(entry.log))) {
      std::cout << entry.phase << '\t' << entry.arch << '\t' << readable(k.symbol) << '\t' << k.registers
                << '\t' << k.stack << '\t' << k.spill_stores << '\t' << k.spill_loads << '\t' << k.shared
                << '\n';
    }
  }
}

void write_table(const std::string& path, const std::vector<Entry>& entries) {
  std::ofstream out(path);
  if (!out) stop("cannot write " + path);
  out << "// Written by kernels/tools/compiler_table.cpp from what ptxas said.\n"
         "#include \"kernels/phase_index.h\"\n\nnamespace flashcore::kernels {\n\n"
         "std::span<const CompilerReport> compiler_reports() noexcept {\n"
         "  static const std::vector<CompilerReport> reports{\n";
  for (const Entry& entry : entries) {
    const std::string log = read(entry.log);
    const std::vector<Kernel> kernels = kernels_of(entry, log);
    if (entry.kind == "shipped") refuse_slow(entry, kernels, log);
    for (const Kernel& k : kernels) {
      out << "      {\"" << entry.phase << "\", \"" << readable(k.symbol) << "\", \"" << k.symbol << "\", "
          << std::stoi(entry.arch) << ", " << k.registers << ", " << k.stack << ", " << k.spill_stores << ", "
          << k.spill_loads << ", " << k.shared << ", " << k.binary << "},\n";
    }
  }
  out << "  };\n  return reports;\n}\n\n}  // namespace flashcore::kernels\n";
  out.close();
  if (!out) stop("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || (argc - 2) % 5 != 0) {
    stop("usage: OUTPUT|--list {PHASE ARCH shipped|hidden CUBIN LOG}...");
  }
  std::vector<Entry> entries;
  for (int i = 2; i < argc; i += 5) {
    entries.push_back({argv[i], argv[i + 1], argv[i + 2], argv[i + 3], argv[i + 4]});
  }
  if (std::string_view(argv[1]) == "--list") {
    list(entries);
  } else {
    write_table(argv[1], entries);
  }
  return 0;
}
