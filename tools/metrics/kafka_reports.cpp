#include "tools/metrics/kafka_reports.hpp"

#include <utility>

namespace ringside::metrics {

std::vector<KafkaReport> kafka_reports(const shm::SegmentView& segment, std::string_view kind) {
    std::vector<KafkaReport> reports;
    const auto pattern = Pattern::parse("kafka/*/@" + std::string(kind) + "/*").value();
    for (RecordCopy& copy : copy_records(segment, pattern)) {
        const std::string_view name = copy.name;
        const std::size_t begin = std::string_view("kafka/").size();
        KafkaReport report;
        report.name = name.substr(begin, name.find('/', begin) - begin);
        report.member = name.substr(name.rfind('/') + 1);
        report.record = std::move(copy);
        reports.push_back(std::move(report));
    }
    return reports;
}

}  // namespace ringside::metrics
