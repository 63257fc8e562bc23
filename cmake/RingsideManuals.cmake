# Manual pages and completion scripts. The programs print them, from the definitions behind --help.
set(manual_directory ${CMAKE_BINARY_DIR}/manuals)

# Writes what a program prints to a file in the build directory.
function(ringside_print_to_file file program)
  set(output ${manual_directory}/${file})
  get_filename_component(directory ${output} DIRECTORY)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${directory}
    COMMAND ${program} ${ARGN} > ${output}.new
    COMMAND ${CMAKE_COMMAND} -E rename ${output}.new ${output}
    DEPENDS ${program}
    COMMENT "Printing ${file}"
    VERBATIM)
  # A target each, so that a page does not wait for the programs of the other pages.
  string(MAKE_C_IDENTIFIER ${file} name)
  add_custom_target(ringside_print_${name} ALL DEPENDS ${output})
endfunction()

ringside_print_to_file(man1/ringside.1 ringside --man-page)
foreach(program ringside-broker ringside-gateway ringside-kafka)
  if(TARGET ${program})
    ringside_print_to_file(man8/${program}.8 ${program} --man-page)
  endif()
endforeach()
ringside_print_to_file(bash/ringside ringside completion bash)
ringside_print_to_file(zsh/_ringside ringside completion zsh)
ringside_print_to_file(fish/ringside.fish ringside completion fish)

install(DIRECTORY ${manual_directory}/man1 ${manual_directory}/man8
        DESTINATION ${CMAKE_INSTALL_MANDIR} PATTERN "*.new" EXCLUDE)
install(FILES ${manual_directory}/bash/ringside
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manual_directory}/zsh/_ringside
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${manual_directory}/fish/ringside.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
