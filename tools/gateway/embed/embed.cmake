# Generates a source file that contains files: cmake -DOUTPUT=… "-DFILES=/path=file;…" -P
# embed.cmake An entity tag is a prefix of the SHA-256 of the content, so it changes with the
# content. "!" stands for the semicolon, which separates the members of lists.
set(types ".html=text/html! charset=utf-8" ".js=text/javascript! charset=utf-8"
          ".css=text/css! charset=utf-8" ".svg=image/svg+xml" ".json=application/json")
set(arrays "")
set(entries "")
set(count 0)
foreach(file ${FILES})
  string(REGEX MATCH "^([^=]+)=(.+)$" parts "${file}")
  set(path "${CMAKE_MATCH_1}")
  set(source "${CMAKE_MATCH_2}")
  get_filename_component(extension "${source}" LAST_EXT)
  set(content_type "")
  foreach(type ${types})
    string(REGEX REPLACE "^([^=]+)=(.*)" "\\1" known "${type}")
    if(known STREQUAL extension)
      string(REGEX REPLACE "^([^=]+)=(.*)" "\\2" content_type "${type}")
      string(REPLACE "!" ";" content_type "${content_type}")
    endif()
  endforeach()
  if(content_type STREQUAL "")
    message(FATAL_ERROR "${source}: embed.cmake knows no content type for '${extension}'")
  endif()
  file(READ "${source}" bytes HEX)
  file(SHA256 "${source}" digest)
  string(SUBSTRING "${digest}" 0 32 digest)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "constexpr char file_${count}[] = {${bytes}'\\0'};\n")
  string(APPEND entries "    StaticFile{\"${path}\", {file_${count}, ${size}}, \"${content_type}\", "
                        "\"\\\"${digest}\\\"\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "#include \"tools/gateway/embed/embedded_files.hpp\"

#include <array>

namespace ringside::gateway {

namespace {
${arrays}
constexpr std::array<StaticFile, ${count}> files{
${entries}};
}  // namespace

std::span<const StaticFile> embedded_files() noexcept { return files; }

}  // namespace ringside::gateway
")
