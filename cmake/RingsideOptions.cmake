# The defaults suit a packager; the presets of CMakePresets.json suit a developer.
option(RINGSIDE_BUILD_SQL "Build SQL over snapshots; needs SQLite" ON)
option(RINGSIDE_BUILD_GATEWAY "Build the gateway; needs SQL, OpenSSL, libjwt, yaml-cpp, RE2, Duktape, protobuf" ON)
option(RINGSIDE_BUILD_KAFKA "Build the bridge to Kafka; needs librdkafka and RE2" ON)
option(RINGSIDE_BUILD_EXAMPLES "Build the example programs" ON)
option(RINGSIDE_BUILD_TESTS "Build the tests" OFF)
option(RINGSIDE_BUILD_BENCHMARKS "Build the benchmarks" OFF)
option(RINGSIDE_WERROR "Treat warnings as errors" OFF)
set(RINGSIDE_TEST_OPTIMIZATION "" CACHE STRING
    "Optimization of tests and benchmarks, for example -O1; empty: that of the build type")
set(RINGSIDE_SANITIZE "" CACHE STRING "address (with undefined) or thread; empty: none")
option(RINGSIDE_FUZZ "Build only the fuzzers and the libraries they need; needs clang" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# A clean clone of a state that was built before in another folder finds its objects in the cache:
# paths below the source or the build folder count relative to it.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

# Compile options of every target of the project.
add_library(ringside_options INTERFACE)
target_compile_options(ringside_options INTERFACE -Wall -Wextra -Wconversion -Wshadow
                                                  $<$<BOOL:${RINGSIDE_WERROR}>:-Werror>
                                                  # Former names of the API only warn.
                                                  -Wno-error=deprecated-declarations)
# A unity build includes its files by absolute paths. `__FILE__` must still be relative to the
# source folder, or no other clone would find such an object in the cache.
target_compile_options(ringside_options INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Additional compile options of tests and benchmarks.
add_library(ringside_test_options INTERFACE)
target_compile_options(ringside_test_options INTERFACE ${RINGSIDE_TEST_OPTIMIZATION})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 falsely reports overlapping copies in `"text" + std::string` (GCC bug 105651).
  target_compile_options(ringside_options INTERFACE -Wno-restrict)
endif()
if(RINGSIDE_FUZZ)
  set(sanitizers -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
elseif(RINGSIDE_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  add_compile_definitions(RINGSIDE_ADDRESS_SANITIZER)
elseif(RINGSIDE_SANITIZE STREQUAL "thread")
  # The sanitizer does not support fences. The code has none where threads can stand in for
  # processes, see shm/pin/pin.hpp.
  set(sanitizers -fsanitize=thread $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  add_compile_definitions(RINGSIDE_THREAD_SANITIZER)
elseif(RINGSIDE_SANITIZE)
  message(FATAL_ERROR "RINGSIDE_SANITIZE is '${RINGSIDE_SANITIZE}', not address or thread")
endif()
if(sanitizers)
  add_compile_options(${sanitizers} -fno-omit-frame-pointer)
  # GCC reports variables without a value in code that sanitizers have rewritten; its manual says
  # so.
  target_compile_options(ringside_options
                         INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 17)
    # Coroutines cannot be built with it: "Cannot represent a difference across sections".
    add_compile_options(-fno-sanitize=function)
  endif()
  add_link_options(${sanitizers})
endif()
if(CMAKE_UNITY_BUILD)
  # Several sources are compiled as one. A name can shadow that of another source, and GCC treats
  # the sources as headers, in which anonymous namespaces are wrong.
  target_compile_options(
    ringside_options INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
