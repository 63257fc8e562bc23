#include "tools/kafka/member.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <random>

namespace ringside::kafka {

std::string make_member() { return fmt::format("{}-{:08x}", ::getpid(), std::random_device()()); }

}  // namespace ringside::kafka
