#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace ringside::bench {

/// Replaces the text between `<!-- NAME:begin -->` and `<!-- NAME:end -->` in a Markdown file. The
/// hand-written text around it is unchanged.
inline void replace_section(const std::string& path, const std::string& name,
                            const std::string& text) {
    std::ifstream in(path);
    std::string document((std::stringstream() << in.rdbuf()).str());
    const std::string begin = "<!-- " + name + ":begin -->\n";
    const std::size_t first = document.find(begin);
    const std::size_t last = document.find("<!-- " + name + ":end -->");
    if (first == std::string::npos || last == std::string::npos || last < first)
        throw std::runtime_error(path + " has no section '" + name + "' to write");
    document.replace(first + begin.size(), last - first - begin.size(), text);
    if (!(std::ofstream(path) << document)) throw std::runtime_error("cannot write " + path);
}

}  // namespace ringside::bench
