#pragma once

#include <string>

namespace ringside::gateway::deepstream {

/// Converts the name of a header, whose case does not matter, to the form that Node uses.
inline std::string lower_case(std::string name) {
    for (char& byte : name) {
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    }
    return name;
}

}  // namespace ringside::gateway::deepstream
