# Sources of a broker that dies at a named point; see shm/base/crash_point.hpp. A test program
# compiles the sources that contain such a point, directly or through a header, again, and shares the
# others. Found at configure time.
function(ringside_sources_with_crash_points result)
  file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/shm/*.hpp ${PROJECT_SOURCE_DIR}/broker/*.hpp)
  set(leading shm/base/crash_point.hpp)
  set(leading_before "")
  while(NOT leading STREQUAL leading_before)
    set(leading_before ${leading})
    list(JOIN leading "|" any_leading)
    foreach(header ${headers})
      file(STRINGS ${PROJECT_SOURCE_DIR}/${header} found REGEX "#include \"(${any_leading})\"")
      if(found)
        list(APPEND leading ${header})
      endif()
    endforeach()
    list(REMOVE_DUPLICATES leading)
  endwhile()
  set(sources "")
  foreach(source ${ARGN})
    file(STRINGS ${source} found REGEX "#include \"(${any_leading})\"")
    if(found)
      list(APPEND sources ${source})
    endif()
  endforeach()
  set(${result} ${sources} PARENT_SCOPE)
endfunction()

get_target_property(shm_sources ringside_shm SOURCES)
get_target_property(broker_sources ringside_broker_lib SOURCES)
set(all_sources ${shm_sources} ${broker_sources})
list(FILTER all_sources INCLUDE REGEX "\\.cpp$")
ringside_sources_with_crash_points(crashing_sources ${all_sources})
# The linker omits the libraries' objects of these sources, file by file. Benchmarks need no such
# broker, but then the compiler's cache serves the same objects to all presets.
set_source_files_properties(
  ${crashing_sources} TARGET_DIRECTORY ringside_shm ringside_broker_lib
  PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
