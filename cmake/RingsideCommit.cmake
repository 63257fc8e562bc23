# Runs at each build: writes the commit of the sources in SOURCE to the header OUTPUT, unless it is
# unchanged. Writes "unknown" if the sources are not a checkout, for example a release archive.
set(commit unknown)
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(
    COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --exclude=* --abbrev=12
    OUTPUT_VARIABLE described RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(commit ${described})
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[#pragma once

#include <string_view>

namespace ringside::tools {

/// The commit that this build was made of; "-dirty" follows if files have been changed since.
inline constexpr std::string_view commit = "@commit@";

}  // namespace ringside::tools
]] @ONLY)
