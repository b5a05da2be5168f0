using System;
using System.Collections.Generic;
using QedTools.Operations;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>The progress of several passes over the same bytes.</summary>
public sealed class StagedProgressTests : IProgress<OperationProgress>
{
    private readonly List<OperationProgress> _reports = [];

    void IProgress<OperationProgress>.Report(OperationProgress value) => _reports.Add(value);

    [Fact]
    public void Two_passes_deal_with_twice_as_much()
    {
        StagedProgress stages = new(this, 2);
        stages.Report(new OperationProgress(40, 100));
        stages.NextStage();
        stages.Report(new OperationProgress(0, 100));
        stages.Report(new OperationProgress(100, 100));
        Assert.Equal([new(40, 200), new(100, 200), new(200, 200)], _reports);
    }

    [Fact]
    public void One_pass_is_told_as_it_is()
    {
        new StagedProgress(this, 1).Report(new OperationProgress(long.MaxValue - 1, long.MaxValue));
        Assert.Equal([new(long.MaxValue - 1, long.MaxValue)], _reports);
    }

    [Fact]
    public void The_largest_disk_overflows_nothing()
    {
        StagedProgress stages = new(this, 2);
        stages.Report(new OperationProgress(long.MaxValue, long.MaxValue));
        stages.NextStage();
        stages.Report(new OperationProgress(long.MaxValue, long.MaxValue));
        Assert.Equal(50, _reports[0].Percent);
        Assert.Equal(100, _reports[1].Percent);
    }
}
