#pragma once

#include <string>

namespace ringside::gateway::deepstream {

/// The name of a header, of which case does not matter, as Node writes it.
inline std::string lower_case(std::string name) {
    for (char& byte : name) {
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    }
    return name;
}

}  // namespace ringside::gateway::deepstream
