# flashcore_embed_file(TARGET SYMBOL FILE)
# Puts FILE's bytes into TARGET as the read-only data
#   extern "C" const char SYMBOL_begin[], SYMBOL_end[];
# through the assembler's .incbin: nothing is parsed, so a megabyte costs no compile time.
function(flashcore_embed_file target symbol file)
  get_filename_component(path ${file} ABSOLUTE)
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.S)
  file(CONFIGURE OUTPUT ${assembly} CONTENT [[
  .section .rodata
  .balign 16
  .global @symbol@_begin
  .global @symbol@_end
  .type @symbol@_begin, %object
@symbol@_begin:
  .incbin "@path@"
@symbol@_end:
  .byte 0
  .section .note.GNU-stack,"",%progbits
]] @ONLY)
  set_source_files_properties(${assembly} PROPERTIES LANGUAGE ASM OBJECT_DEPENDS ${path})
  target_sources(${target} PRIVATE ${assembly})
endfunction()
