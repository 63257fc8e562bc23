#include "tools/kafka/mapping/own_records.hpp"

#include <string>

#include "shm/name/name.hpp"

namespace ringside::kafka {

Result<void> check_record_name(std::string_view name) {
    if (auto checked = check_name(name); !checked) return checked;
    if (is_reserved(name)) return Error(Errc::reserved_name, "starts with '$'");
    if (first_level(name) != own_first_level) return {};
    return Error(Errc::reserved_name,
                 "records below '" + std::string(own_first_level) + "' belong to this tool");
}

}  // namespace ringside::kafka
