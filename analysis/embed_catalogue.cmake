# cmake -D OUTPUT=... -D FOLDER=... -P embed_catalogue.cmake
# Writes the TOML files of FOLDER as text into a C++ source (analysis/catalogue_text.h).
file(GLOB files ${FOLDER}/*.toml)
list(SORT files)
set(code "#include \"analysis/catalogue_text.h\"\n\nnamespace flashcore::analysis {\nnamespace {\n\n")
string(APPEND code "constexpr CatalogueText kFiles[] = {\n")
foreach(path IN LISTS files)
  get_filename_component(name ${path} NAME)
  file(READ ${path} text)
  string(APPEND code "    {\"${name}\", R\"__toml__(${text})__toml__\"},\n")
endforeach()
string(APPEND code "};\n\n}  // namespace\n\nstd::span<const CatalogueText> builtin_catalogue_text() noexcept { return kFiles; }\n\n")
string(APPEND code "}  // namespace flashcore::analysis\n")
file(WRITE ${OUTPUT} "${code}")
