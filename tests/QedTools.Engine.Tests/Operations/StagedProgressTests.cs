using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Operations;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>The progress of several passes over the same bytes.</summary>
public sealed class StagedProgressTests : IProgress<OperationProgress>
{
    private readonly List<OperationProgress> _reports = [];

    void IProgress<OperationProgress>.Report(OperationProgress value) => _reports.Add(value);

    [Fact]
    public void Each_of_two_passes_covers_all_bytes_and_half_of_the_work()
    {
        StagedProgress stages = new(this, 2);
        stages.Report(new OperationProgress(40, 100));
        stages.NextStage();
        stages.Report(new OperationProgress(0, 100));
        stages.Report(new OperationProgress(100, 100));
        Assert.Equal([(40, 100, 1, 2), (0, 100, 2, 2), (100, 100, 2, 2)], _reports.Select(report => (report.BytesDone, report.BytesTotal, report.Stage, report.Stages)));
        Assert.Equal([20, 50, 100], _reports.Select(report => report.Percent));
    }

    [Fact]
    public void The_remaining_time_includes_later_passes()
    {
        StagedProgress stages = new(this, 2);
        stages.Report(new OperationProgress(0, 100));
        stages.Report(new OperationProgress(50, 100));
        stages.NextStage();
        stages.Report(new OperationProgress(0, 100));
        OperationPace pace = new();
        TimeSpan?[] left = [.. _reports.Select((report, i) =>
        {
            pace.Update(TimeSpan.FromSeconds(5 * i), report);
            return pace.Remaining;
        })];
        Assert.Equal([null, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(10)], left);
    }

    [Fact]
    public void A_single_pass_is_reported_unchanged()
    {
        new StagedProgress(this, 1).Report(new OperationProgress(long.MaxValue - 1, long.MaxValue));
        Assert.Equal([new(long.MaxValue - 1, long.MaxValue)], _reports);
    }

    [Fact]
    public void The_largest_disk_causes_no_overflow()
    {
        StagedProgress stages = new(this, 2);
        stages.Report(new OperationProgress(long.MaxValue, long.MaxValue));
        stages.NextStage();
        stages.Report(new OperationProgress(long.MaxValue, long.MaxValue));
        Assert.Equal(50, _reports[0].Percent);
        Assert.Equal(100, _reports[1].Percent);
    }
}
