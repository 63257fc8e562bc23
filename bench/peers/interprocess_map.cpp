#include "bench/peers/interprocess_map.hpp"

#include <boost/interprocess/sync/scoped_lock.hpp>
#include <boost/interprocess/sync/sharable_lock.hpp>

namespace ringside::bench {

namespace ipc = boost::interprocess;
using Mutex = ipc::interprocess_sharable_mutex;

InterprocessMap::InterprocessMap(const std::string& name, Open how, std::size_t records)
    : object_(name),
      memory_(how == Open::create
                  ? Memory(ipc::create_only, name.c_str(), (16ULL << 20) + records * 512)
                  : Memory(ipc::open_only, name.c_str())),
      mutex_(memory_.find_or_construct<Mutex>("mutex")()),
      map_(memory_.find_or_construct<Map>("map")(records, Hash(), Equal(),
                                                 memory_.get_segment_manager())) {}

void InterprocessMap::fill(std::size_t records) {
    const ipc::scoped_lock lock(*mutex_);
    auto* manager = memory_.get_segment_manager();
    for (std::size_t i = 0; i < records; ++i) {
        const std::string name = name_of(i);
        const Bytes document = document_from_json(json_of(i)).value();
        map_->emplace(Text(name.data(), name.size(), manager),
                      Document(document.begin(), document.end(), manager));
    }
}

std::int64_t InterprocessMap::price_of(std::string_view name) const {
    const Document& document = map_->find(name)->second;
    return price_in({document.data(), document.size()});
}

std::int64_t InterprocessMap::read(Names names) {
    std::int64_t sum = 0;
    for (const std::string_view name : names) {
        const ipc::sharable_lock lock(*mutex_);
        sum += price_of(name);
    }
    return sum;
}

std::int64_t InterprocessMap::read_many(Names names) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < names.size(); i += batch_size) {
        const ipc::sharable_lock lock(*mutex_);
        for (std::size_t k = i; k < std::min(i + batch_size, names.size()); ++k)
            sum += price_of(names[k]);
    }
    return sum;
}

std::int64_t InterprocessMap::scan() {
    const ipc::sharable_lock lock(*mutex_);
    std::int64_t sum = 0;
    for (const auto& [name, document] : *map_) sum += sold_in({document.data(), document.size()});
    return sum;
}

void InterprocessMap::replace(std::string_view name, const Bytes& document) {
    map_->find(name)->second.assign(document.begin(), document.end());
}

void InterprocessMap::write(Names names, std::span<const Bytes> documents) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        const ipc::scoped_lock lock(*mutex_);
        replace(names[i], documents[i % documents.size()]);
    }
}

void InterprocessMap::write_pipelined(Names names, std::span<const Bytes> documents) {
    in_batches(names, documents, [&](Names batch, const auto& document) {
        const ipc::scoped_lock lock(*mutex_);
        for (std::size_t k = 0; k < batch.size(); ++k) replace(batch[k], document(k));
    });
}

std::unique_ptr<Peer> InterprocessMap::open_again() const {
    return std::make_unique<InterprocessMap>(object_, Open::existing);
}

double InterprocessMap::bytes_used() const {
    return static_cast<double>(memory_.get_size() - memory_.get_free_memory());
}

}  // namespace ringside::bench
